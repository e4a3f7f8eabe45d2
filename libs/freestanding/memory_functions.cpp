// SPDX-License-Identifier: MIT
//
// memcpy and its relatives, which the compiler calls by name. General registers only. Short lengths
// take two overlapping moves, long ones the string instructions, eight bytes at a time.

#include <cstddef>
#include <cstdint>

#include "libs/freestanding/compare_bytes.hpp"

namespace {

using Bytes = unsigned char;

template <class T>
T load(const void* from) {
    T value;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}
template <class T>
void store(void* to, T value) {
    __builtin_memcpy(to, &value, sizeof value);
}

// Up to 16 bytes; everything is read before anything is written, so that it serves memmove too.
void move_short(Bytes* to, const Bytes* from, std::size_t count) {
    if (count >= 8) {
        const auto first = load<std::uint64_t>(from);
        const auto last = load<std::uint64_t>(from + count - 8);
        store(to, first);
        store(to + count - 8, last);
    } else if (count >= 4) {
        const auto first = load<std::uint32_t>(from);
        const auto last = load<std::uint32_t>(from + count - 4);
        store(to, first);
        store(to + count - 4, last);
    } else if (count != 0) {
        const Bytes first = from[0];
        const Bytes middle = from[count / 2];
        const Bytes last = from[count - 1];
        to[0] = first;
        to[count / 2] = middle;
        to[count - 1] = last;
    }
}

// Ascending; right for overlapping areas too if `to` is below `from`.
void move_up(Bytes* to, const Bytes* from, std::size_t count) {
    std::size_t words = count / 8;
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    move_short(to, from, count % 8);
}

}  // namespace

extern "C" {

[[clang::no_builtin]] void* memcpy(void* __restrict to, const void* __restrict from,
                                   std::size_t count) {
    auto* target = static_cast<Bytes*>(to);
    const auto* source = static_cast<const Bytes*>(from);
    if (count <= 16) {
        move_short(target, source, count);
    } else {
        move_up(target, source, count);
    }
    return to;
}

[[clang::no_builtin]] void* memmove(void* to, const void* from, std::size_t count) {
    auto* target = static_cast<Bytes*>(to);
    const auto* source = static_cast<const Bytes*>(from);
    if (count <= 16) {
        move_short(target, source, count);
    } else if (target - source < 0 || static_cast<std::size_t>(target - source) >= count) {
        move_up(target, source, count);
    } else {
        while (count >= 8) {
            count -= 8;
            store(target + count, load<std::uint64_t>(source + count));
        }
        move_short(target, source, count);
    }
    return to;
}

[[clang::no_builtin]] void* memset(void* to, int value, std::size_t count) {
    auto* target = static_cast<Bytes*>(to);
    const std::uint64_t pattern = static_cast<Bytes>(value) * 0x0101'0101'0101'0101U;
    if (count >= 8) {
        store(target + count - 8, pattern);
        std::size_t words = count / 8;
        asm volatile("rep stosq" : "+D"(target), "+c"(words) : "a"(pattern) : "memory");
    } else {
        for (std::size_t i = 0; i < count; ++i) {
            target[i] = static_cast<Bytes>(value);
        }
    }
    return to;
}

[[clang::no_builtin]] int memcmp(const void* a, const void* b, std::size_t count) {
    return freestanding::compare_bytes(a, b, count);
}

[[clang::no_builtin]] void* memchr(const void* in, int value, std::size_t count) {
    const auto* place = static_cast<const Bytes*>(in);
    for (; count != 0; --count, ++place) {
        if (*place == static_cast<Bytes>(value)) {
            return const_cast<Bytes*>(place);
        }
    }
    return nullptr;
}

[[clang::no_builtin]] std::size_t strlen(const char* text) {
    std::size_t length = 0;
    while (text[length] != '\0') {
        ++length;
    }
    return length;
}

}  // extern "C"
