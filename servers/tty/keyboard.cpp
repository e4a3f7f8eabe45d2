// SPDX-License-Identifier: MIT
// Usages: HID Usage Tables 1.4, section 10 (Keyboard/Keypad Page). Sequences: xterm's "ctlseqs", PC-style function keys.
#include "servers/tty/keyboard.hpp"

#include <algorithm>
#include <array>

namespace tty {

namespace {

constexpr std::uint8_t control = 1;
constexpr std::uint8_t shift = 2;
constexpr std::uint8_t alt = 4;

constexpr std::uint16_t usage_a = 0x04;
constexpr std::uint16_t usage_z = 0x1d;
constexpr std::uint16_t usage_1 = 0x1e;
constexpr std::uint16_t usage_slash = 0x38;
constexpr std::uint16_t usage_caps_lock = 0x39;
constexpr std::uint16_t usage_f1 = 0x3a;
constexpr std::uint16_t usage_f6 = 0x3f;
constexpr std::uint16_t usage_page_up = 0x4b;
constexpr std::uint16_t usage_delete = 0x4c;
constexpr std::uint16_t usage_page_down = 0x4e;
constexpr std::uint16_t usage_first_modifier =
    0xe0;  // left control, shift, alt, GUI, then the right ones
constexpr std::uint16_t usage_last_modifier = 0xe7;

// From usage_1 on: digits, Enter, Escape, Backspace, Tab, Space and punctuation, plain and with shift.
constexpr std::string_view plain = "1234567890\r\x1b\x7f\t -=[]\\#;'`,./";
constexpr std::string_view shifted = "!@#$%^&*()\r\x1b\x7f\t _+{}|~:\"~<>?";
static_assert(plain.size() == usage_slash - usage_1 + 1 && shifted.size() == plain.size());

struct Sequence {
    std::uint16_t usage;
    std::string_view text;
};
constexpr std::array<Sequence, 32> sequences{{
    {0x3a, "\x1bOP"},   {0x3b, "\x1bOQ"},   {0x3c, "\x1bOR"},   {0x3d, "\x1bOS"},
    {0x3e, "\x1b[15~"}, {0x3f, "\x1b[17~"}, {0x40, "\x1b[18~"}, {0x41, "\x1b[19~"},
    {0x42, "\x1b[20~"}, {0x43, "\x1b[21~"}, {0x44, "\x1b[23~"}, {0x45, "\x1b[24~"},
    {0x49, "\x1b[2~"},  {0x4a, "\x1b[H"},   {0x4b, "\x1b[5~"},  {0x4c, "\x1b[3~"},
    {0x4d, "\x1b[F"},   {0x4e, "\x1b[6~"},  {0x4f, "\x1b[C"},   {0x50, "\x1b[D"},
    {0x51, "\x1b[B"},   {0x52, "\x1b[A"},   {0x54, "/"},        {0x55, "*"},
    {0x56, "-"},        {0x57, "+"},        {0x58, "\r"},       {0x59, "1"},
    {0x5a, "2"},        {0x5b, "3"},        {0x64, "\\"},       {0x63, "."},
}};

std::uint8_t modifier_of(std::uint16_t code) {
    switch ((code - usage_first_modifier) % 4) {
        case 0:  return control;
        case 1:  return shift;
        case 2:  return alt;
        default: return 0;
    }
}

}  // namespace

Keyboard::Event Keyboard::key(std::uint16_t code, bool pressed) {
    if (code >= usage_first_modifier && code <= usage_last_modifier) {
        const std::uint8_t bit = modifier_of(code);
        modifiers_ = static_cast<std::uint8_t>(pressed ? modifiers_ | bit : modifiers_ & ~bit);
        return {};
    }
    if (!pressed) {
        return {};
    }
    if (code == usage_caps_lock) {
        caps_lock_ = !caps_lock_;
        return {};
    }
    if (held(alt) && code >= usage_f1 && code <= usage_f6) {
        return {.action = Action::show_terminal, .number = code - usage_f1 + 1};
    }
    if (held(shift) && (code == usage_page_up || code == usage_page_down)) {
        return {.action = Action::scroll, .number = code == usage_page_up ? 1 : -1};
    }
    if (held(control) && held(alt) && code == usage_delete) {
        return {.action = Action::restart_machine};
    }
    if (code >= usage_a && code <= usage_slash) {
        return character(code);
    }
    const auto* found = std::ranges::find(sequences, code, &Sequence::usage);
    return found != sequences.end() ? text(found->text) : Event{};
}

Keyboard::Event Keyboard::character(std::uint16_t code) {
    char byte = 0;
    if (code <= usage_z) {
        byte = static_cast<char>('a' + (code - usage_a));
        if (held(shift) != caps_lock_) {
            byte = static_cast<char>(byte - 'a' + 'A');
        }
    } else {
        byte = (held(shift) ? shifted : plain)[code - usage_1];
    }
    if (held(control)) {
        if (byte == ' ' || byte == '2') {
            byte = 0;
        } else if (byte >= '@' || byte == '?') {
            byte = static_cast<char>(byte == '?' ? 0x7f : byte & 0x1f);
        }
    }
    std::size_t length = 0;
    if (held(alt)) {
        buffer_[length++] = '\x1b';  // "meta sends escape"
    }
    buffer_[length++] = byte;
    return text(std::string_view(buffer_, length));
}

}  // namespace tty
