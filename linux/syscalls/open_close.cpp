// SPDX-License-Identifier: MIT
// Making, copying and closing descriptors.
#include "abi/linux/file.hpp"
#include "linux/fd/open.hpp"
#include "linux/fd/table.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

namespace {

using fd::Handle;
using linux_abi::OpenFlag;

Result<std::int64_t> open_at(std::int32_t directory, std::uint64_t path, std::uint32_t flags,
                             std::uint32_t mode) {
    const fd::Path resolved = TRY(fd::resolve(directory, path));
    Handle description = TRY(fd::open(resolved, flags, mode));
    return fd::table.install(std::move(description), (flags & OpenFlag::close_on_exec) != 0);
}

Result<std::int64_t> duplicate_to(std::int32_t from, std::int32_t to, bool close_on_exec) {
    Handle description = TRY(fd::table.get(from));
    TRY(fd::table.install_at(to, std::move(description), close_on_exec));
    return to;
}

}  // namespace

namespace calls {

std::int64_t open(const Arguments& arguments) {
    return to_return(
        open_at(linux_abi::at_cwd, arguments[0], arguments.word(1), arguments.word(2)));
}

std::int64_t openat(const Arguments& arguments) {
    return to_return(
        open_at(arguments.integer(0), arguments[1], arguments.word(2), arguments.word(3)));
}

std::int64_t creat(const Arguments& arguments) {
    return to_return(open_at(linux_abi::at_cwd, arguments[0],
                             OpenFlag::create | OpenFlag::write_only | OpenFlag::truncate,
                             arguments.word(1)));
}

std::int64_t close(const Arguments& arguments) {
    return to_return(fd::table.close(arguments.integer(0)));
}

std::int64_t close_range(const Arguments& arguments) {
    constexpr std::uint32_t unshare = 2, mark = 4;
    const std::uint32_t first = arguments.word(0), last = arguments.word(1);
    const std::uint32_t flags = arguments.word(2);
    if (first > last || (flags & ~(unshare | mark)) != 0) {
        return -Errno::einval;
    }
    fd::table.close_range(first, last, (flags & mark) != 0);
    return 0;
}

std::int64_t dup(const Arguments& arguments) {
    auto description = fd::table.get(arguments.integer(0));
    return description ? to_return(fd::table.install(std::move(*description), false))
                       : -description.error();
}

std::int64_t dup2(const Arguments& arguments) {
    const std::int32_t from = arguments.integer(0), to = arguments.integer(1);
    if (from == to) {
        const auto description = fd::table.get(from);
        return description ? to : -description.error();
    }
    return to_return(duplicate_to(from, to, false));
}

std::int64_t dup3(const Arguments& arguments) {
    const std::int32_t from = arguments.integer(0), to = arguments.integer(1);
    const std::uint32_t flags = arguments.word(2);
    if ((flags & ~OpenFlag::close_on_exec) != 0 || from == to) {
        return -Errno::einval;
    }
    return to_return(duplicate_to(from, to, flags != 0));
}

}  // namespace calls
}  // namespace linux
