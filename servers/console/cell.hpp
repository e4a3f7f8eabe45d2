// SPDX-License-Identifier: MIT
// What stands at one place of a screen.
#pragma once

#include <cstdint>

namespace console {

struct Attribute {
    static constexpr std::uint8_t bold = 1, dim = 2, italic = 4, underline = 8, inverse = 0x10;
    static constexpr std::uint8_t invisible = 0x20, struck = 0x40;
};

// Colours are 0x00rrggbb.
struct Style {
    static constexpr std::uint32_t default_foreground = 0xc0c0c0;
    static constexpr std::uint32_t default_background = 0x000000;

    std::uint32_t foreground = default_foreground;
    std::uint32_t background = default_background;
    std::uint8_t attributes = 0;

    [[nodiscard]] bool has(std::uint8_t attribute) const { return (attributes & attribute) != 0; }
    void set(std::uint8_t attribute, bool on) {
        attributes =
            static_cast<std::uint8_t>(on ? attributes | attribute : attributes & ~attribute);
    }
    friend bool operator==(const Style&, const Style&) = default;
};

struct Cell {
    // The place right of a character that is two columns wide.
    static constexpr char32_t continued = 0;

    char32_t character = U' ';
    Style style;

    friend bool operator==(const Cell&, const Cell&) = default;
};

}  // namespace console
