// SPDX-License-Identifier: MIT
// Scan codes: "Keyboard Scan Code Specification" 1.3a (Microsoft), set 1, which lists HID usages beside them.
#include "drivers/ps2/scan_codes.hpp"

#include <array>

namespace ps2 {

namespace {

// Usages by scan code, 0 where there is none.
constexpr std::array<std::uint8_t, 0x59> plain{
    0x00, 0x29, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2d, 0x2e, 0x2a,
    0x2b, 0x14, 0x1a, 0x08, 0x15, 0x17, 0x1c, 0x18, 0x0c, 0x12, 0x13, 0x2f, 0x30, 0x28, 0xe0,
    0x04, 0x16, 0x07, 0x09, 0x0a, 0x0b, 0x0d, 0x0e, 0x0f, 0x33, 0x34, 0x35, 0xe1, 0x31, 0x1d,
    0x1b, 0x06, 0x19, 0x05, 0x11, 0x10, 0x36, 0x37, 0x38, 0xe5, 0x55, 0xe2, 0x2c, 0x39, 0x3a,
    0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x41, 0x42, 0x43, 0x53, 0x47, 0x5f, 0x60, 0x61, 0x56,
    0x5c, 0x5d, 0x5e, 0x57, 0x59, 0x5a, 0x5b, 0x62, 0x63, 0x00, 0x00, 0x64, 0x44, 0x45};

std::uint8_t extended_usage(std::uint8_t code) {
    switch (code) {
        case 0x1c: return 0x58;  // keypad Enter
        case 0x1d: return 0xe4;  // right Control
        case 0x35: return 0x54;  // keypad /
        case 0x37: return 0x46;  // Print Screen
        case 0x38: return 0xe6;  // right Alt
        case 0x47: return 0x4a;  // Home
        case 0x48: return 0x52;  // up
        case 0x49: return 0x4b;  // Page Up
        case 0x4b: return 0x50;  // left
        case 0x4d: return 0x4f;  // right
        case 0x4f: return 0x4d;  // End
        case 0x50: return 0x51;  // down
        case 0x51: return 0x4e;  // Page Down
        case 0x52: return 0x49;  // Insert
        case 0x53: return 0x4c;  // Delete
        case 0x5b: return 0xe3;  // left GUI
        case 0x5c: return 0xe7;  // right GUI
        case 0x5d: return 0x65;  // Application
        default:   return 0;
    }
}

constexpr std::uint8_t prefix_extended = 0xe0;
constexpr std::uint8_t prefix_pause = 0xe1;
constexpr std::uint8_t released = 0x80;

}  // namespace

std::optional<input::Key> Decoder::byte(std::uint8_t value) {
    if (skip_ != 0) {
        --skip_;
        return std::nullopt;
    }
    if (value == prefix_extended) {
        extended_ = true;
        return std::nullopt;
    }
    if (value == prefix_pause) {
        skip_ = 2;  // e1 1d 45, and the same with the release bit
        return std::nullopt;
    }
    const auto code = static_cast<std::uint8_t>(value & ~released);
    const std::uint8_t usage = extended_             ? extended_usage(code)
                               : code < plain.size() ? plain[code]
                                                     : 0;
    extended_ = false;
    if (usage == 0) {
        return std::nullopt;
    }
    return input::Key{.code = usage,
                      .pressed = (value & released) == 0 ? std::uint8_t{1} : std::uint8_t{0}};
}

}  // namespace ps2
