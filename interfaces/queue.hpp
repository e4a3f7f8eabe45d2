// SPDX-License-Identifier: MIT
// Protocol `queue`: POSIX message queues. A queue has a name in its container, and is seen nowhere else. Who has opened it
// (process::OpenQueue) has a capability for what he opened it for: the badge is the opening.
//
// Nobody waits in Send and Receive: who has to waits by Await, and tries again.
#pragma once

#include <cstdint>

namespace queue {

struct Queue;

inline constexpr std::uint32_t most_messages = 10;
inline constexpr std::uint32_t most_bytes = 4096;  // of a message
inline constexpr std::uint32_t priorities = 32768;

struct Send {  // would_block: it is full. too_big: for this queue. access_denied: opened to read
    static constexpr std::uint16_t label = 1;
    static constexpr std::size_t payload = most_bytes;
    std::uint32_t priority = 0;
    std::uint32_t sender = 0;  // a process, as it says itself: for Notify
    struct Reply {};
};

// The oldest of the most important messages. would_block: there is none. access_denied: opened to write
struct Receive {
    static constexpr std::uint16_t label = 2;
    static constexpr std::size_t reply_payload = most_bytes;
    struct Reply {
        std::uint32_t priority = 0;
        std::uint32_t reserved = 0;
    };
};

struct Await {  // interruptible: until Receive, or Send, may find what it needs
    static constexpr std::uint16_t label = 3;
    std::uint32_t to_send = 0;
    std::uint32_t reserved = 0;
    struct Reply {};
};

struct Describe {
    static constexpr std::uint16_t label = 4;
    struct Reply {
        std::uint32_t most = 0, bytes = 0, count = 0;
        std::uint32_t reserved = 0;
    };
};

}  // namespace queue
