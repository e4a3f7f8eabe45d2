// SPDX-License-Identifier: MIT
//
// Waiting for any of several descriptions: what poll, select and epoll are made of.
//
// First all are asked, which mostly settles it. If none is ready, all are asked again with the
// thread's notification as the target; whoever becomes ready signals it, and all are asked once
// more.
#pragma once

#include <array>
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

// The same in an epoll: an edge-triggered one is ready only for what `seen` does not know.
struct EpollItem : PollItem {
    bool edge = false;
    Arrivals seen;
};

// -> how many are ready (0: the deadline came), or -EINTR.
std::int64_t poll_items(std::span<PollItem> items, std::uint64_t deadline);
std::int64_t poll_items(std::span<EpollItem> items, std::uint64_t deadline);

inline std::uint32_t poll_item(PollItem& item, WakeTarget target) {
    return item.description->poll(item.events, target);
}
inline std::uint32_t poll_item(EpollItem& item, WakeTarget target) {
    return item.edge ? item.description->poll_news(item.events, target, item.seen)
                     : item.description->poll(item.events, target);
}
inline std::uint64_t next_of(const PollItem& item) { return item.description->next_event(); }
inline std::uint64_t next_of(const EpollItem& item) {
    return item.edge ? item.description->next_arrival(item.seen) : item.description->next_event();
}

// By a byte of poll(2)'s events, what it means in fs::Poll's; this is asked for each descriptor of each poll.
struct PollMeanings {
    std::array<std::uint8_t, 256> low{}, high{};
};
inline constexpr PollMeanings poll_meanings = [] {
    using linux_abi::PollEvent;
    constexpr struct {
        std::uint16_t event;
        std::uint8_t meaning;
    } known[] = {{PollEvent::in, fs::Poll::readable},
                 {PollEvent::read_normal, fs::Poll::readable},
                 {PollEvent::priority, fs::Poll::priority},
                 {PollEvent::out, fs::Poll::writable},
                 {PollEvent::write_normal, fs::Poll::writable},
                 {PollEvent::read_hang_up, fs::Poll::peer_done}};
    PollMeanings meanings;
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        for (const auto& one : known) {
            meanings.low[byte] |= (byte & one.event) != 0 ? one.meaning : 0;
            meanings.high[byte] |= (byte << 8 & one.event) != 0 ? one.meaning : 0;
        }
    }
    return meanings;
}();

// poll(2)'s events and fs::Poll's.
constexpr std::uint32_t from_poll_events(std::uint32_t events) {
    return poll_meanings.low[events & 0xff] | poll_meanings.high[events >> 8 & 0xff];
}
std::uint32_t to_poll_events(std::uint32_t ready, std::uint32_t asked);

}  // namespace linux::fd
