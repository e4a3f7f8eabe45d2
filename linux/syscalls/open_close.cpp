// SPDX-License-Identifier: MIT
// Making, copying and closing descriptors.
#include "abi/linux/file.hpp"
#include "linux/entry/user_memory.hpp"
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

// Rules for the walk itself are not known here: as on a system without the call, the program must find another way.
Result<std::int64_t> open_how(const Arguments& arguments) {
    struct How {  // struct open_how (include/uapi/linux/openat2.h)
        std::uint64_t flags, mode, resolve;
    };
    constexpr std::uint64_t all_rules = 0x3f, beneath = 8, in_root = 0x10, cached = 0x20;
    constexpr std::uint64_t known_flags = 0x7fffc3, temporary_bit = 020000000;
    const std::uint64_t size = arguments[3];
    if (size < sizeof(How)) {
        return base::fail(Errno::einval);
    }
    if (size > abi::page_size) {
        return base::fail(Errno::e2big);
    }
    const How how = TRY(user::read<How>(arguments[2]));
    for (std::uint64_t at = sizeof how; at < size; ++at) {
        if (TRY(user::read<std::byte>(arguments[2] + at)) != std::byte{0}) {
            return base::fail(Errno::e2big);
        }
    }
    const bool creates = (how.flags & (OpenFlag::create | temporary_bit)) != 0;
    constexpr std::uint64_t permissions = 07777;
    if ((how.flags & ~known_flags) != 0 || (how.resolve & ~all_rules) != 0 ||
        (how.resolve & (beneath | in_root)) == (beneath | in_root) ||
        (how.mode & ~(creates ? permissions : 0)) != 0) {
        return base::fail(Errno::einval);
    }
    if ((how.resolve & ~cached) != 0) {
        return base::fail(Errno::enosys);
    }
    if (how.resolve == cached) {
        return base::fail(Errno::eagain);
    }
    return open_at(arguments.integer(0), arguments[1], static_cast<std::uint32_t>(how.flags),
                   static_cast<std::uint32_t>(how.mode));
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

std::int64_t openat2(const Arguments& arguments) { return to_return(open_how(arguments)); }

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
