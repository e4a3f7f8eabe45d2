// SPDX-License-Identifier: MIT
// The kernel's view of memory. All RAM is mapped at window_begin (readable and writable, never executable; the kernel's
// own text and constants read-only); the image runs at image_begin. User space is never touched by its own addresses.
//
//   0000000000000000 .. 00007ffffffff000   user
//   ffff800000000000 + p                   RAM with physical address p
//   ffffffff80000000 + p                   the kernel image, loaded at physical 1 MiB
//   ffffffffc0000000 ..                    device registers, mapped one by one (map_registers)
//   ffffffffd0000000 ..                    stacks of all CPUs
#pragma once

#include <cstdint>

#include "kernel/types.hpp"

namespace arch {

inline constexpr std::uint64_t user_end = 0x0000'7fff'ffff'f000;
inline constexpr std::uint64_t window_begin = 0xffff'8000'0000'0000;
inline constexpr std::uint64_t image_begin = 0xffff'ffff'8000'0000;
inline constexpr std::uint64_t device_begin = 0xffff'ffff'c000'0000;
inline constexpr std::uint64_t cpu_stacks_begin = 0xffff'ffff'd000'0000;

inline void* window(PhysAddr address) {
    return reinterpret_cast<void*>(window_begin + address.value());
}

// The physical address of something in the window or in the kernel image.
inline PhysAddr physical(const void* pointer) {
    const auto address = reinterpret_cast<std::uint64_t>(pointer);
    return PhysAddr{address - (address >= image_begin ? image_begin : window_begin)};
}

}  // namespace arch
