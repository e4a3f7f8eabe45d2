// SPDX-License-Identifier: MIT
// No device answers on any port of the simulated machine: reads give all ones, as on a real one.
#pragma once

#include <cstdint>

namespace arch {

inline std::uint8_t in8(std::uint16_t) { return 0xff; }
inline std::uint16_t in16(std::uint16_t) { return 0xffff; }
inline std::uint32_t in32(std::uint16_t) { return 0xffff'ffff; }
inline void out8(std::uint16_t, std::uint8_t) {}
inline void out16(std::uint16_t, std::uint16_t) {}
inline void out32(std::uint16_t, std::uint32_t) {}

}  // namespace arch
