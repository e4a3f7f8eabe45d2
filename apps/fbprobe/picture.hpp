// SPDX-License-Identifier: MIT
// The test picture: eight bars of colour, from white to black, on the upper three quarters; below them grey from black to white;
// a white line around all of it; and a box that moves from side to side.
#pragma once

#include <cstdint>
#include <span>

namespace fbprobe {

// Where pixels of 32 bits are. Red, green and blue have 8 bits each, from these bits on.
struct Canvas {
    std::span<std::uint32_t> pixels;
    std::uint32_t width = 0, height = 0;
    std::uint32_t stride = 0;  // pixels from a row to the next
    std::uint32_t red = 16, green = 8, blue = 0;
};

inline constexpr std::uint32_t bars = 8;
// 0xRRGGBB
inline constexpr std::uint32_t bar_colours[bars] = {0xffffff, 0xffff00, 0x00ffff, 0x00ff00,
                                                    0xff00ff, 0xff0000, 0x0000ff, 0x000000};

// What stands at a place, without the box.
[[nodiscard]] std::uint32_t colour_at(const Canvas& canvas, std::uint32_t x, std::uint32_t y);
void draw_all(const Canvas& canvas);
// The box of this step; the one of the step before is drawn over.
void draw_box(const Canvas& canvas, std::uint32_t step);

}  // namespace fbprobe
