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
    const bool in = (events & (PollEvent::in | PollEvent::read_normal)) != 0;
    const bool out = (events & (PollEvent::out | PollEvent::write_normal)) != 0;
    return (in ? fs::Poll::readable : 0) | (out ? fs::Poll::writable : 0);
}
std::uint32_t to_poll_events(std::uint32_t ready, std::uint32_t asked);

}  // namespace linux::fd
