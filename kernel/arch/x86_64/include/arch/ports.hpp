// SPDX-License-Identifier: MIT
// Input and output ports, of 8, 16 or 32 bits.
#pragma once

#include <cstdint>

namespace arch {

template <class T>
T in(std::uint16_t port) {
    T value = 0;
    asm volatile("in %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
template <class T>
void out(std::uint16_t port, T value) {
    asm volatile("out %0, %1" : : "a"(value), "Nd"(port));
}
// The commonest.
inline std::uint8_t in8(std::uint16_t port) { return in<std::uint8_t>(port); }
inline void out8(std::uint16_t port, std::uint8_t value) { out(port, value); }

}  // namespace arch
