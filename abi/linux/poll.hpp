// SPDX-License-Identifier: MIT
// Waiting for several descriptors: poll, select, epoll, eventfd.
#pragma once

#include <cstdint>

#include "abi/linux/file.hpp"

namespace linux_abi {

struct PollEvent {
    static constexpr std::uint16_t in = 1, priority = 2, out = 4, error = 8, hang_up = 0x10,
                                   invalid = 0x20, read_normal = 0x40, read_band = 0x80,
                                   write_normal = 0x100, write_band = 0x200, read_hang_up = 0x2000;
};
struct PollDescriptor {
    std::int32_t descriptor;
    std::uint16_t events, returned;
};
static_assert(sizeof(PollDescriptor) == 8);

struct EpollControl {
    static constexpr std::uint32_t add = 1, remove = 2, modify = 3;
};
struct EpollFlag {
    static constexpr std::uint32_t exclusive = 1U << 28, wake_up = 1U << 29, one_shot = 1U << 30,
                                   edge = 1U << 31;
};
struct [[gnu::packed]] EpollEvent {
    std::uint32_t events;
    std::uint64_t data;
};
static_assert(sizeof(EpollEvent) == 12);

struct EventFlag {
    static constexpr std::uint32_t semaphore = 1;
};

}  // namespace linux_abi
