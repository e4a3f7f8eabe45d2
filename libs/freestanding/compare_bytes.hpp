// SPDX-License-Identifier: MIT
// memcmp, eight bytes at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace freestanding {

// Bytes in the order in which they count: the first is the most significant.
template <class Word>
Word load_ordered(const unsigned char* from) {
    static_assert(std::endian::native == std::endian::little);
    Word value = 0;
    __builtin_memcpy(&value, from, sizeof value);
    return std::byteswap(value);
}

// Both are at least a word long, and alike but for their last word.
template <class Word>
int compare_last(const unsigned char* a, const unsigned char* b, std::size_t bytes) {
    const auto left = load_ordered<Word>(a + bytes - sizeof(Word));
    const auto right = load_ordered<Word>(b + bytes - sizeof(Word));
    return left == right ? 0 : left < right ? -1 : 1;
}

inline int compare_bytes(const void* a, const void* b, std::size_t bytes) {
    const auto* left = static_cast<const unsigned char*>(a);
    const auto* right = static_cast<const unsigned char*>(b);
    constexpr std::size_t word = sizeof(std::uint64_t);
    constexpr std::size_t half = sizeof(std::uint32_t);
    for (std::size_t end = word; end < bytes; end += word) {
        if (const int order = compare_last<std::uint64_t>(left, right, end); order != 0) {
            return order;
        }
    }
    if (bytes >= word) {
        return compare_last<std::uint64_t>(left, right, bytes);
    }
    if (bytes >= half) {
        const int order = compare_last<std::uint32_t>(left, right, half);
        return order != 0 ? order : compare_last<std::uint32_t>(left, right, bytes);
    }
    for (std::size_t i = 0; i < bytes; ++i) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

}  // namespace freestanding
