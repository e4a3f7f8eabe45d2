// SPDX-License-Identifier: MIT
//
// Time without a system call: the time-stamp counter, scaled as the kernel's time page says.
// Monotonic nanoseconds are also what deadlines are made of: `rt::now() + 5 * rt::second`.
#pragma once

#include <cstdint>

#include "abi/kernel/boot_info.hpp"

namespace rt {

inline constexpr std::uint64_t microsecond = 1'000;
inline constexpr std::uint64_t millisecond = 1'000'000;
inline constexpr std::uint64_t second = 1'000'000'000;

inline std::uint64_t time_stamp() {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (std::uint64_t{high} << 32) | low;
}

inline std::uint64_t nanoseconds(const abi::TimePage& page, std::uint64_t stamp) {
    __extension__ using Wide = unsigned __int128;
    const Wide scaled = Wide{stamp - page.tsc_base} * page.multiplier;
    return static_cast<std::uint64_t>(scaled >> page.shift) + page.ns_base;
}

// The page that the parent gave; nullptr if it gave none.
const abi::TimePage* clock_page();

// Monotonic nanoseconds; 0 without a time page.
std::uint64_t now();
// Nanoseconds since 1970-01-01 UTC.
std::uint64_t wall_clock();

}  // namespace rt
