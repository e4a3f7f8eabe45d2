// SPDX-License-Identifier: MIT
// The 256 colours that xterm numbers: 16 named ones, a cube of 6x6x6, 24 greys.
#pragma once

#include <array>
#include <cstdint>

namespace console {

constexpr std::uint32_t palette_colour(std::uint32_t number) {
    constexpr std::array<std::uint32_t, 16> named{
        0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x4060ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
        0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x7c7cff, 0xff00ff, 0x00ffff, 0xffffff};
    constexpr std::array<std::uint32_t, 6> steps{0, 95, 135, 175, 215, 255};
    if (number < named.size()) {
        return named[number];
    }
    if (number < 232) {
        const std::uint32_t place = number - 16;
        return steps[place / 36] << 16 | steps[place / 6 % 6] << 8 | steps[place % 6];
    }
    const std::uint32_t grey = (8 + 10 * (number - 232)) & 0xff;
    return grey << 16 | grey << 8 | grey;
}

}  // namespace console
