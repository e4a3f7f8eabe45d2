// SPDX-License-Identifier: MIT
// From a keyboard's bytes, scan code set 1 (what the controller translates to), to keys by their USB HID usage. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "interfaces/input.hpp"

namespace ps2 {

class Decoder {
public:
    // One byte from the keyboard; a key when it completes one.
    std::optional<input::Key> byte(std::uint8_t value);

private:
    bool extended_ = false;  // after 0xe0
    std::uint8_t skip_ = 0;  // bytes of the Pause sequence still to come
};

}  // namespace ps2
