// SPDX-License-Identifier: MIT
// inotify: its descriptors and its watches. What happens is linux/fd/watch_list.hpp's affair.
#include "abi/linux/file.hpp"
#include "linux/fd/table.hpp"
#include "linux/fd/watch_list.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {
namespace {

using linux_abi::OpenFlag;

Result<std::int64_t> create(std::uint32_t flags) {
    if ((flags & ~(OpenFlag::non_block | OpenFlag::close_on_exec)) != 0) {
        return base::fail(Errno::einval);
    }
    fd::Handle list = TRY(fd::WatchList::create(flags & OpenFlag::non_block));
    return fd::table.install(std::move(list), (flags & OpenFlag::close_on_exec) != 0);
}

Result<std::int32_t> add(const Arguments& arguments) {
    constexpr std::uint32_t create_only = 0x1000'0000, add_to_old = 0x2000'0000;
    const std::uint32_t mask = arguments.word(2);
    if ((mask & fs::Event::all) == 0) {
        return base::fail(Errno::einval);
    }
    const fd::Handle list = TRY(fd::table.get_open(arguments.integer(0)));
    if (list->watch_list() == nullptr || ((mask & create_only) != 0 && (mask & add_to_old) != 0)) {
        return base::fail(Errno::einval);
    }
    fd::Path path = TRY(fd::resolve(linux_abi::at_cwd, arguments[1]));
    fd::follow_own_link(path);
    return list->watch_list()->add(path, mask);
}

Result<void> remove(const Arguments& arguments) {
    const fd::Handle list = TRY(fd::table.get_open(arguments.integer(0)));
    if (list->watch_list() == nullptr) {
        return base::fail(Errno::einval);
    }
    return list->watch_list()->remove(arguments.integer(1));
}

}  // namespace

namespace calls {

std::int64_t inotify_init(const Arguments&) { return to_return(create(0)); }
std::int64_t inotify_init1(const Arguments& arguments) {
    return to_return(create(arguments.word(0)));
}
std::int64_t inotify_add_watch(const Arguments& arguments) { return to_return(add(arguments)); }
std::int64_t inotify_rm_watch(const Arguments& arguments) { return to_return(remove(arguments)); }

}  // namespace calls
}  // namespace linux
