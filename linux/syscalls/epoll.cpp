// SPDX-License-Identifier: MIT
// epoll's calls (linux/fd/epoll.hpp).
#include <algorithm>
#include <vector>

#include "linux/entry/user_memory.hpp"
#include "linux/fd/epoll.hpp"
#include "linux/fd/table.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/syscalls/wait_time.hpp"

namespace linux {

namespace {

using fd::Handle;
using linux_abi::EpollControl;
using linux_abi::EpollEvent;

Result<std::int64_t> create(std::uint32_t flags) {
    if ((flags & ~linux_abi::OpenFlag::close_on_exec) != 0) {
        return base::fail(Errno::einval);
    }
    return fd::table.install(Handle{new fd::Epoll}, flags != 0);
}

// Whoever waits is woken, which is at least one. Linux takes the flag with little else.
Result<void> check_exclusive(std::uint32_t what, std::uint32_t events, fd::Description& of) {
    using linux_abi::EpollFlag;
    using linux_abi::PollEvent;
    constexpr std::uint32_t allowed = PollEvent::in | PollEvent::out | PollEvent::error |
                                      PollEvent::hang_up | EpollFlag::wake_up | EpollFlag::edge |
                                      EpollFlag::exclusive;
    const bool bad =
        what == EpollControl::modify || of.event_list() != nullptr || (events & ~allowed) != 0;
    if (what != EpollControl::remove && (events & EpollFlag::exclusive) != 0 && bad) {
        return base::fail(Errno::einval);
    }
    return {};
}

Result<void> control(const Arguments& arguments) {
    const std::int32_t number = arguments.integer(2);
    EpollEvent event{};
    if (arguments.word(1) != EpollControl::remove) {
        event = TRY(user::read<EpollEvent>(arguments[3]));
    }
    const Handle list = TRY(fd::table.get_open(arguments.integer(0)));
    const Handle what = TRY(fd::table.get_open(number));
    if (what->is_always_ready()) {
        return base::fail(Errno::eperm);
    }
    fd::Epoll* epoll = list->event_list();
    if (epoll == nullptr || list.get() == what.get()) {
        return base::fail(Errno::einval);
    }
    TRY(check_exclusive(arguments.word(1), event.events, *what));
    if (arguments.word(1) == EpollControl::add && what->event_list() != nullptr &&
        !what->event_list()->may_be_in(*epoll)) {
        return base::fail(Errno::eloop);
    }
    switch (arguments.word(1)) {
        case EpollControl::add:    return epoll->add(number, *what, event);
        case EpollControl::modify: return epoll->modify(number, *what, event);
        case EpollControl::remove: return epoll->remove(number, *what);
        default:                   return base::fail(Errno::einval);
    }
}

Result<std::int64_t> wait(const Arguments& arguments, std::uint64_t deadline) {
    const Handle list = TRY(fd::table.get_open(arguments.integer(0)));
    fd::Epoll* epoll = list->event_list();
    const std::int32_t most = arguments.integer(2);
    if (epoll == nullptr || most <= 0) {
        return base::fail(Errno::einval);
    }
    std::vector<EpollEvent> events(std::min(most, std::int32_t{1024}));
    const std::int64_t count = epoll->wait(events, deadline);
    if (count > 0) {
        TRY(user::copy_out(arguments[1], events.data(),
                           static_cast<std::size_t>(count) * sizeof(EpollEvent)));
    }
    return count;
}

Result<std::int64_t> wait_with_mask(const Arguments& arguments, std::uint64_t deadline) {
    CallMask mask;
    TRY(mask.set(arguments[4], arguments[5]));
    const auto count = wait(arguments, deadline);
    mask.finish(count);
    return count;
}

Result<std::int64_t> wait_timespec(const Arguments& arguments) {
    const WaitTime time = TRY(WaitTime::from_timespec(arguments[3]));
    return wait_with_mask(arguments, time.deadline());
}

}  // namespace

namespace calls {

std::int64_t epoll_create(const Arguments& arguments) {
    return arguments.integer(0) <= 0 ? -Errno::einval : to_return(create(0));
}
std::int64_t epoll_create1(const Arguments& arguments) {
    return to_return(create(arguments.word(0)));
}
std::int64_t epoll_ctl(const Arguments& arguments) { return to_return(control(arguments)); }
std::int64_t epoll_wait(const Arguments& arguments) {
    return to_return(wait(arguments, deadline_in_ms(arguments.integer(3))));
}
std::int64_t epoll_pwait(const Arguments& arguments) {
    return to_return(wait_with_mask(arguments, deadline_in_ms(arguments.integer(3))));
}
std::int64_t epoll_pwait2(const Arguments& arguments) {
    return to_return(wait_timespec(arguments));
}

}  // namespace calls
}  // namespace linux
