// SPDX-License-Identifier: MIT
// Looks for one of two bytes in a text, eight at a time: for paths, where most work is to find the next slash.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace base {

inline constexpr std::uint64_t each_byte = 0x0101010101010101;

// The top bit of each byte that is zero; above the lowest of these, other top bits may be set, too.
constexpr std::uint64_t zero_bytes(std::uint64_t bytes) {
    return (bytes - each_byte) & ~bytes & (each_byte << 7);
}

// The first place from `at` on where `one` or `other` stands, or `end`.
inline std::size_t find_byte(const char* text, std::size_t at, std::size_t end, char one,
                             char other) {
    const std::uint64_t ones = each_byte * static_cast<unsigned char>(one);
    const std::uint64_t others = each_byte * static_cast<unsigned char>(other);
    for (; end - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
        std::uint64_t bytes = 0;
        __builtin_memcpy(&bytes, text + at, sizeof bytes);
        if (const std::uint64_t found = zero_bytes(bytes ^ ones) | zero_bytes(bytes ^ others)) {
            return at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
        }
    }
    if (at < end && end >= sizeof(std::uint64_t)) {
        // The last eight bytes once more, without those before `at`: what comes in their place is zero.
        std::uint64_t bytes = 0;
        __builtin_memcpy(&bytes, text + end - sizeof bytes, sizeof bytes);
        bytes >>= 8 * (sizeof bytes - (end - at));
        const std::uint64_t found = zero_bytes(bytes ^ ones) | zero_bytes(bytes ^ others);
        const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(found)) / 8;
        return place < end ? place : end;
    }
    while (at < end && text[at] != one && text[at] != other) {
        ++at;
    }
    return at;
}
inline std::size_t find_byte(const char* text, std::size_t at, std::size_t end, char one) {
    return find_byte(text, at, end, one, one);
}

}  // namespace base
