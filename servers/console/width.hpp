// SPDX-License-Identifier: MIT
// How many columns a character takes: 0 (it belongs to the one before it), 1, or 2.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace console {

struct CharacterRange {
    char32_t first, last;
};

// Blocks of combining marks, joiners and variation selectors (Unicode 15, general categories Mn, Me and Cf).
inline constexpr std::array<CharacterRange, 12> without_width{{
    {0x0300, 0x036f},
    {0x0483, 0x0489},
    {0x0591, 0x05bd},
    {0x0610, 0x061a},
    {0x064b, 0x065f},
    {0x1ab0, 0x1aff},
    {0x1dc0, 0x1dff},
    {0x200b, 0x200f},
    {0x20d0, 0x20ff},
    {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f},
    {0xfeff, 0xfeff},
}};
// Blocks of wide and full-width characters (Unicode 15, East Asian Width W and F).
inline constexpr std::array<CharacterRange, 10> double_width{{
    {0x1100, 0x115f},
    {0x2e80, 0x303e},
    {0x3041, 0x33ff},
    {0x3400, 0x4dbf},
    {0x4e00, 0x9fff},
    {0xa000, 0xa4cf},
    {0xac00, 0xd7a3},
    {0xf900, 0xfaff},
    {0xff00, 0xff60},
    {0x1f300, 0x1faff},
}};

constexpr std::uint32_t width_of(char32_t character) {
    const auto is_in = [character](const auto& ranges) {
        return std::ranges::any_of(ranges, [character](const CharacterRange& range) {
            return character >= range.first && character <= range.last;
        });
    };
    if (character < 0x300) {
        return 1;
    }
    return is_in(without_width) ? 0 : is_in(double_width) || (character >> 16) == 2 ? 2 : 1;
}

}  // namespace console
