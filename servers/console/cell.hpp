// SPDX-License-Identifier: MIT
// What stands at one place of a screen.
#pragma once

#include <cstdint>

namespace console {

// Colours are 0x00rrggbb.
struct Style {
    static constexpr std::uint32_t default_foreground = 0xc0c0c0;
    static constexpr std::uint32_t default_background = 0x000000;

    std::uint32_t foreground = default_foreground;
    std::uint32_t background = default_background;
    bool bold = false;
    bool underline = false;
    bool inverse = false;

    friend bool operator==(const Style&, const Style&) = default;
};

struct Cell {
    char32_t character = U' ';
    Style style;

    friend bool operator==(const Cell&, const Cell&) = default;
};

}  // namespace console
