// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "apps/fbprobe/picture.hpp"

namespace fbprobe {
namespace {

constexpr std::uint32_t width = 160, height = 120, stride = 170, untouched = 0x5a5a5a5a;

struct Drawn {
    std::vector<std::uint32_t> pixels = std::vector<std::uint32_t>(stride * height, untouched);
    Canvas canvas{.pixels = pixels, .width = width, .height = height, .stride = stride};
    [[nodiscard]] std::uint32_t at(std::uint32_t x, std::uint32_t y) const {
        return pixels[y * stride + x];
    }
};

TEST(Picture, HasItsBarsInOrder) {
    Drawn drawn;
    draw_all(drawn.canvas);
    for (std::uint32_t bar = 0; bar < bars; ++bar) {
        EXPECT_EQ(drawn.at(bar * width / bars + width / bars / 2, 10), bar_colours[bar]) << bar;
    }
    EXPECT_LT(drawn.at(10, height - 10), drawn.at(width - 10, height - 10));
    EXPECT_EQ(drawn.at(width - 1, 50), 0xffffffU);
}

TEST(Picture, StaysInItsRows) {
    Drawn drawn;
    draw_all(drawn.canvas);
    for (std::uint32_t step = 0; step < 200; ++step) {
        draw_box(drawn.canvas, step);
    }
    for (std::uint32_t y = 0; y < height; ++y) {
        for (std::uint32_t x = width; x < stride; ++x) {
            ASSERT_EQ(drawn.at(x, y), untouched);
        }
    }
}

TEST(Picture, TheBoxLeavesNothingBehind) {
    Drawn moved, alone;
    draw_all(moved.canvas);
    draw_all(alone.canvas);
    for (std::uint32_t step = 0; step <= 93; ++step) {
        draw_box(moved.canvas, step);
    }
    EXPECT_NE(moved.pixels, alone.pixels);
    draw_box(alone.canvas, 93);
    EXPECT_EQ(moved.pixels, alone.pixels);
}

TEST(Picture, ColoursGoWhereTheModeHasThem) {
    Drawn drawn;
    drawn.canvas.red = 0;
    drawn.canvas.blue = 16;
    draw_all(drawn.canvas);
    EXPECT_EQ(drawn.at(5 * width / bars + 3, 10), 0x0000ffU);
}

}  // namespace
}  // namespace fbprobe
