// SPDX-License-Identifier: MIT
#include "linux/fd/polling.hpp"

#include <algorithm>

#include "abi/linux/poll.hpp"

namespace linux::fd {

namespace {

std::int64_t ask(std::span<PollItem> items, WakeTarget target) {
    change_watch.refresh();
    std::int64_t count = 0;
    for (PollItem& item : items) {
        if (item.description) {
            item.ready = item.description->poll(item.events, target);
            count += item.ready != 0 ? 1 : 0;
        }
    }
    return count;
}

std::uint64_t next_event(std::span<PollItem> items, std::uint64_t deadline) {
    for (const PollItem& item : items) {
        if (item.description) {
            deadline = std::min(deadline, item.description->next_event());
        }
    }
    return deadline;
}

void end(std::span<PollItem> items, WakeTarget target) {
    for (PollItem& item : items) {
        if (item.description) {
            item.description->end_poll(target);
        }
    }
}

}  // namespace

std::int64_t poll_items(std::span<PollItem> items, std::uint64_t deadline) {
    if (const std::int64_t count = ask(items, {}); count != 0 || deadline == 0) {
        return count;
    }
    auto waiter = Waiter::take();
    if (!waiter) {
        return -waiter.error();
    }
    for (;;) {
        std::int64_t count = ask(items, waiter->target());
        const std::uint64_t until = next_event(items, deadline);
        const Woken woken = count != 0 ? Woken::signalled : waiter->wait(until);
        end(items, waiter->target());
        if (count != 0) {
            return count;
        }
        if (woken == Woken::interrupted) {
            return -Errno::eintr;
        }
        if (woken == Woken::timed_out && until == deadline) {
            return ask(items, {});
        }
    }
}

using linux_abi::PollEvent;

std::uint32_t to_poll_events(std::uint32_t ready, std::uint32_t asked) {
    std::uint32_t result = 0;
    if ((ready & fs::Poll::readable) != 0) {
        result |= asked & (PollEvent::in | PollEvent::read_normal);
    }
    if ((ready & fs::Poll::writable) != 0) {
        result |= asked & (PollEvent::out | PollEvent::write_normal);
    }
    constexpr std::uint32_t rare = fs::Poll::priority | fs::Poll::hang_up | fs::Poll::error;
    if ((ready & rare) != 0) {
        result |= (ready & fs::Poll::priority) != 0 ? asked & PollEvent::priority : 0U;
        result |= (ready & fs::Poll::hang_up) != 0 ? PollEvent::hang_up : 0U;
        result |= (ready & fs::Poll::error) != 0 ? PollEvent::error : 0U;
    }
    return result;
}

}  // namespace linux::fd
