// SPDX-License-Identifier: MIT
// The framebuffer, /dev/fb0, while it can be had.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/fbprobe/picture.hpp"

namespace fbprobe {

class Screen {
public:
    // errno says why, if it cannot be opened or has pixels that are not known here.
    static std::optional<Screen> open();
    Screen(Screen&& other) noexcept;
    Screen& operator=(Screen&&) = delete;
    ~Screen();

    [[nodiscard]] std::string mode() const;
    [[nodiscard]] int descriptor() const { return descriptor_; }
    // From now on what is drawn on the canvas is seen. False: not now (EAGAIN), or never again; errno.
    bool borrow();
    // It has been taken back, or is given back.
    void leave();
    [[nodiscard]] bool borrowed() const { return !canvas_.pixels.empty(); }
    [[nodiscard]] const Canvas& canvas() const { return canvas_; }

private:
    explicit Screen(int descriptor) : descriptor_(descriptor) {}
    bool read_mode();

    int descriptor_;
    std::size_t bytes_ = 0;
    Canvas canvas_;
};

}  // namespace fbprobe
