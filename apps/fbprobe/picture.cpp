// SPDX-License-Identifier: MIT
#include "apps/fbprobe/picture.hpp"

#include <algorithm>

namespace fbprobe {

namespace {

constexpr std::uint32_t box_colour = 0xff8000;
constexpr std::uint32_t pixels_per_step = 4;

struct Box {
    std::uint32_t x, y, side;
};

Box box_at(const Canvas& canvas, std::uint32_t step) {
    const std::uint32_t side = std::max(canvas.height / 12, 1U);
    const std::uint32_t way = canvas.width - std::min(canvas.width, side);
    const std::uint32_t there_and_back = std::max(2 * way, 1U);
    const std::uint32_t at =
        static_cast<std::uint32_t>(std::uint64_t{step} * pixels_per_step % there_and_back);
    return {.x = at <= way ? at : there_and_back - at, .y = canvas.height / 3, .side = side};
}

std::uint32_t pixel(const Canvas& canvas, std::uint32_t colour) {
    return (colour >> 16 & 0xff) << canvas.red | (colour >> 8 & 0xff) << canvas.green |
           (colour & 0xff) << canvas.blue;
}

template <class Colour>
void fill(const Canvas& canvas, const Box& box, Colour&& colour) {
    for (std::uint32_t y = box.y; y < std::min(box.y + box.side, canvas.height); ++y) {
        for (std::uint32_t x = box.x; x < std::min(box.x + box.side, canvas.width); ++x) {
            canvas.pixels[std::size_t{y} * canvas.stride + x] = pixel(canvas, colour(x, y));
        }
    }
}

}  // namespace

std::uint32_t colour_at(const Canvas& canvas, std::uint32_t x, std::uint32_t y) {
    if (x == 0 || y == 0 || x + 1 == canvas.width || y + 1 == canvas.height) {
        return 0xffffff;
    }
    if (y < canvas.height / 4 * 3) {
        return bar_colours[std::uint64_t{x} * bars / canvas.width];
    }
    return static_cast<std::uint32_t>(std::uint64_t{x} * 256 / canvas.width) * 0x010101;
}

void draw_all(const Canvas& canvas) {
    for (std::uint32_t y = 0; y < canvas.height; ++y) {
        for (std::uint32_t x = 0; x < canvas.width; ++x) {
            canvas.pixels[std::size_t{y} * canvas.stride + x] =
                pixel(canvas, colour_at(canvas, x, y));
        }
    }
}

void draw_box(const Canvas& canvas, std::uint32_t step) {
    const auto behind = [&](std::uint32_t x, std::uint32_t y) { return colour_at(canvas, x, y); };
    if (step != 0) {
        fill(canvas, box_at(canvas, step - 1), behind);
    }
    fill(canvas, box_at(canvas, step), [](std::uint32_t, std::uint32_t) { return box_colour; });
}

}  // namespace fbprobe
