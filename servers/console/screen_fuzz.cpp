// SPDX-License-Identifier: MIT
// Any bytes at all: no crash, and every cell can be looked at afterwards.
#include <cstddef>
#include <cstdint>

#include "servers/console/screen.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    console::Screen screen(20, 6);
    screen.write({reinterpret_cast<const char*>(data), size});
    screen.scroll_view(1);
    if (screen.take_answers().size() > console::Screen::most_answered) {
        __builtin_trap();
    }
    std::uint32_t sum = 0;
    for (std::uint32_t row = 0; row < screen.rows(); ++row) {
        for (std::uint32_t column = 0; column < screen.columns(); ++column) {
            sum += screen.seen(row, column).character;
        }
    }
    [[maybe_unused]] const volatile std::uint32_t seen =
        sum;  // so that the reading is not left out
    return 0;
}
