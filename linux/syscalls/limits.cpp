// SPDX-License-Identifier: MIT
// Resource limits and what has been used.
#include "abi/linux/process.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/state.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/time/clock.hpp"

namespace linux {
namespace {

constexpr auto resources = static_cast<std::uint32_t>(Resource::count);
constexpr std::uint64_t tick_ns = 10'000'000;

Result<Limit> change_limit(std::uint32_t resource, std::uint64_t new_at) {
    if (resource >= resources) {
        return base::fail(Errno::einval);
    }
    linux_abi::ResourceLimit fresh{};
    if (new_at != 0) {
        fresh = TRY(user::read<linux_abi::ResourceLimit>(new_at));
        if (fresh.soft > fresh.hard) {
            return base::fail(Errno::einval);
        }
    }
    MutexGuard guard{state().limits_lock};
    Limit& limit = state().limits[resource];
    const Limit old = limit;
    if (new_at != 0) {
        const bool raises = fresh.hard > old.hard;
        const bool is_files = resource == static_cast<std::uint32_t>(Resource::files);
        if ((raises && identity().user != 0) ||
            (is_files && fresh.hard > identity().most_descriptors)) {
            return base::fail(Errno::eperm);
        }
        limit = {fresh.soft, fresh.hard};
    }
    return old;
}

Result<process::GetUsage::Reply> usage_of(std::uint32_t children) {
    return TRY(or_errno(ipc::call(own_process(), process::GetUsage{.children = children}))).reply;
}

Result<void> write_usage(const Arguments& arguments) {
    constexpr std::int32_t self = 0, children = -1, thread = 1;
    const std::int32_t who = arguments.integer(0);
    if (who != self && who != children && who != thread) {
        return base::fail(Errno::einval);
    }
    const auto used = TRY(usage_of(who == children ? 1 : 0));
    linux_abi::ResourceUsage usage{};
    usage.user = to_timeval(used.user_ns);
    usage.system = to_timeval(used.system_ns);
    usage.peak_kilobytes = static_cast<std::int64_t>(used.peak_bytes / 1024);
    return user::write(arguments[1], usage);
}

Result<std::int64_t> write_times(std::uint64_t at) {
    if (at != 0) {
        const auto own = TRY(usage_of(0));
        const auto children = TRY(usage_of(1));
        auto ticks = [](std::uint64_t ns) { return static_cast<std::int64_t>(ns / tick_ns); };
        TRY(user::write(at, linux_abi::ProcessTimes{.user = ticks(own.user_ns),
                                                    .system = ticks(own.system_ns),
                                                    .children_user = ticks(children.user_ns),
                                                    .children_system = ticks(children.system_ns)}));
    }
    return static_cast<std::int64_t>(monotonic_now() / tick_ns);
}

std::int64_t limit_call(std::uint32_t resource, std::uint64_t new_at, std::uint64_t old_at) {
    const auto old = change_limit(resource, new_at);
    if (!old) {
        return -old.error();
    }
    return old_at == 0
               ? 0
               : to_return(user::write(old_at, linux_abi::ResourceLimit{old->soft, old->hard}));
}

}  // namespace

namespace calls {

std::int64_t getrlimit(const Arguments& arguments) {
    return limit_call(arguments.word(0), 0, arguments[1]);
}
std::int64_t setrlimit(const Arguments& arguments) {
    return arguments[1] == 0 ? -Errno::efault : limit_call(arguments.word(0), arguments[1], 0);
}
std::int64_t prlimit64(const Arguments& arguments) {
    const std::int32_t pid = arguments.integer(0);
    if (pid != 0 && pid != static_cast<std::int32_t>(identity().pid)) {
        return -Errno::eperm;
    }
    return limit_call(arguments.word(1), arguments[2], arguments[3]);
}
std::int64_t getrusage(const Arguments& arguments) { return to_return(write_usage(arguments)); }
std::int64_t times(const Arguments& arguments) { return to_return(write_times(arguments[0])); }

}  // namespace calls
}  // namespace linux
