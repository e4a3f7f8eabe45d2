// SPDX-License-Identifier: MIT
// Protocol `input`: from a keyboard driver or a serial line to the server of terminals (tty).
#pragma once

#include <cstddef>
#include <cstdint>

namespace input {

struct Sink;  // served by tty; the badge says which device speaks

// Keys, in the order of events. `code` is the USB HID usage of the key (HID Usage Tables 1.4,
// section 10), whatever the keyboard's own scan codes are. Payload: Key records.
struct Key {
    std::uint16_t code = 0;
    std::uint8_t pressed = 0;
    std::uint8_t reserved = 0;
};
struct Keys {
    static constexpr std::uint16_t label = 192;
    static constexpr std::size_t payload = 256;
    struct Reply {
        std::uint8_t leds = 0;  // bit 0 num lock, 1 caps lock, 2 scroll lock
    };
};

// Bytes that came in on a serial line.
struct Bytes {
    static constexpr std::uint16_t label = 193;
    static constexpr std::size_t payload = 4096;
    std::uint32_t line = 0;
    struct Reply {
        std::uint32_t taken = 0;  // fewer than sent: send the rest when signalled or after a while
    };
};

}  // namespace input
