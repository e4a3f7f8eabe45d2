// SPDX-License-Identifier: MIT
#include "linux/fd/polling.hpp"

#include <algorithm>

#include "abi/linux/poll.hpp"

namespace linux::fd {

namespace {

template <class Item>
std::int64_t ask(std::span<Item> items, WakeTarget target) {
    change_watch.refresh();
    std::int64_t count = 0;
    for (Item& item : items) {
        if (item.description) {
            item.ready = poll_item(item, target);
            count += item.ready != 0 ? 1 : 0;
        }
    }
    return count;
}

template <class Item>
std::uint64_t next_event(std::span<Item> items, std::uint64_t deadline) {
    for (const Item& item : items) {
        if (item.description) {
            deadline = std::min(deadline, next_of(item));
        }
    }
    return deadline;
}

template <class Item>
void end(std::span<Item> items, WakeTarget target) {
    for (Item& item : items) {
        if (item.description) {
            item.description->end_poll(target);
        }
    }
}

template <class Item>
std::int64_t wait_for_any(std::span<Item> items, std::uint64_t deadline) {
    if (const std::int64_t count = ask<Item>(items, {}); count != 0 || deadline == 0) {
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
            return ask<Item>(items, {});
        }
    }
}

}  // namespace

std::int64_t poll_items(std::span<PollItem> items, std::uint64_t deadline) {
    return wait_for_any(items, deadline);
}
std::int64_t poll_items(std::span<EpollItem> items, std::uint64_t deadline) {
    return wait_for_any(items, deadline);
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
    constexpr std::uint32_t rare =
        fs::Poll::priority | fs::Poll::hang_up | fs::Poll::error | fs::Poll::peer_done;
    if ((ready & rare) != 0) {
        result |= (ready & fs::Poll::priority) != 0 ? asked & PollEvent::priority : 0U;
        result |= (ready & fs::Poll::hang_up) != 0 ? PollEvent::hang_up : 0U;
        result |= (ready & fs::Poll::error) != 0 ? PollEvent::error : 0U;
        result |= (ready & fs::Poll::peer_done) != 0 ? asked & PollEvent::read_hang_up : 0U;
    }
    return result;
}

}  // namespace linux::fd
