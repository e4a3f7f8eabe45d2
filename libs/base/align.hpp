// SPDX-License-Identifier: MIT
// Powers of two. `alignment` must be one.
#pragma once

#include <cstdint>
#include <optional>

namespace base {

inline constexpr std::uint64_t page_size = 4096;

constexpr bool is_aligned(std::uint64_t value, std::uint64_t alignment) {
    return (value & (alignment - 1)) == 0;
}
constexpr std::uint64_t align_down(std::uint64_t value, std::uint64_t alignment) {
    return value & ~(alignment - 1);
}
// The caller knows that it does not overflow (value is a length or an address far from the top).
constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
    return align_down(value + alignment - 1, alignment);
}
// a + b, or nothing if that overflows.
constexpr std::optional<std::uint64_t> add(std::uint64_t a, std::uint64_t b) {
    std::uint64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) {
        return std::nullopt;
    }
    return sum;
}
// Does [start, start + length) lie inside [0, limit)?
constexpr bool range_fits(std::uint64_t start, std::uint64_t length, std::uint64_t limit) {
    return start <= limit && length <= limit - start;
}

}  // namespace base
