// SPDX-License-Identifier: MIT
// The functions that the compiler and libc++ expect to be there. The string instructions move eight
// bytes per step on every CPU, and need no register that the program owns.
#include <cstddef>
#include <cstdint>

namespace {

std::uint64_t load(const unsigned char* from) {
    std::uint64_t value = 0;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}
std::uint32_t load_half(const unsigned char* from) {
    std::uint32_t value = 0;
    __builtin_memcpy(&value, from, sizeof value);
    return value;
}
void store(unsigned char* to, std::uint64_t value) { __builtin_memcpy(to, &value, sizeof value); }

}  // namespace

extern "C" {

[[clang::no_builtin]] void* memcpy(void* __restrict to, const void* __restrict from,
                                   std::size_t bytes) {
    void* target = to;
    std::size_t words = bytes / 8;
    asm volatile("rep movsq" : "+D"(target), "+S"(from), "+c"(words) : : "memory");
    std::size_t rest = bytes % 8;
    asm volatile("rep movsb" : "+D"(target), "+S"(from), "+c"(rest) : : "memory");
    return to;
}

[[clang::no_builtin]] void* memmove(void* to, const void* from, std::size_t bytes) {
    const auto distance =
        reinterpret_cast<std::uintptr_t>(to) - reinterpret_cast<std::uintptr_t>(from);
    if (distance >= bytes) {
        return memcpy(to, from, bytes);
    }
    auto* target = static_cast<unsigned char*>(to);
    const auto* source = static_cast<const unsigned char*>(from);
    std::size_t left = bytes;
    for (; left >= 8; left -= 8) {
        store(target + left - 8, load(source + left - 8));
    }
    for (; left != 0; --left) {
        target[left - 1] = source[left - 1];
    }
    return to;
}

[[clang::no_builtin]] void* memset(void* to, int value, std::size_t bytes) {
    void* target = to;
    const std::uint64_t pattern = 0x0101010101010101U * static_cast<unsigned char>(value);
    std::size_t words = bytes / 8;
    asm volatile("rep stosq" : "+D"(target), "+c"(words) : "a"(pattern) : "memory");
    std::size_t rest = bytes % 8;
    asm volatile("rep stosb" : "+D"(target), "+c"(rest) : "a"(pattern) : "memory");
    return to;
}

[[clang::no_builtin]] int memcmp(const void* a, const void* b, std::size_t bytes) {
    const auto* left = static_cast<const unsigned char*>(a);
    const auto* right = static_cast<const unsigned char*>(b);
    std::size_t i = 0;
    while (bytes - i >= 8 && load(left + i) == load(right + i)) {
        i += 8;
    }
    if (bytes - i >= 4 && load_half(left + i) == load_half(right + i)) {
        i += 4;
    }
    for (; i < bytes; ++i) {
        if (left[i] != right[i]) {
            return left[i] - right[i];
        }
    }
    return 0;
}

[[clang::no_builtin]] void* memchr(const void* in, int value, std::size_t bytes) {
    const auto* text = static_cast<const unsigned char*>(in);
    for (std::size_t i = 0; i < bytes; ++i) {
        if (text[i] == static_cast<unsigned char>(value)) {
            return const_cast<unsigned char*>(text + i);
        }
    }
    return nullptr;
}

[[clang::no_builtin]] std::size_t strlen(const char* text) {
    std::size_t length = 0;
    while (text[length] != 0) {
        ++length;
    }
    return length;
}

}  // extern "C"
