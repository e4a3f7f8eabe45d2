// SPDX-License-Identifier: MIT
//
// Waiting for any of several descriptions: what poll, select and epoll are made of.
//
// First all are asked, which mostly settles it. If none is ready, all are asked again with the
// thread's notification as the target; whoever becomes ready signals it, and all are asked once
// more.
#pragma once

#include <cstdint>
#include <span>

#include "abi/linux/poll.hpp"
#include "linux/fd/description.hpp"
#include "linux/fd/waiter.hpp"

namespace linux::fd {

struct PollItem {
    Handle description;        // none: never ready
    std::uint32_t events = 0;  // of fs::Poll
    std::uint32_t ready = 0;
};

// -> how many are ready (0: the deadline came), or -EINTR.
std::int64_t poll_items(std::span<PollItem> items, std::uint64_t deadline);

// poll(2)'s events and fs::Poll's.
constexpr std::uint32_t from_poll_events(std::uint32_t events) {
    using linux_abi::PollEvent;
    // A table, because this is done for each descriptor of each poll; by the bits in, priority and out.
    static_assert(PollEvent::in == 1 && PollEvent::priority == 2 && PollEvent::out == 4 &&
                  PollEvent::read_normal >> 6 == 1 && PollEvent::write_normal >> 6 == 4);
    constexpr std::uint8_t r = fs::Poll::readable, p = fs::Poll::priority, w = fs::Poll::writable;
    static constexpr std::uint8_t table[8] = {0, r, p, r | p, w, r | w, p | w, r | p | w};
    return table[(events & 7) | (events >> 6 & 5)];
}
std::uint32_t to_poll_events(std::uint32_t ready, std::uint32_t asked);

}  // namespace linux::fd
