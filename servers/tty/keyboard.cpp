// SPDX-License-Identifier: MIT
// Usages: HID Usage Tables 1.4, section 10 (Keyboard/Keypad Page). Sequences: xterm's "ctlseqs", PC-style function keys.
#include "servers/tty/keyboard.hpp"

#include <algorithm>
#include <array>
#include <charconv>

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

// "ESC [ final", or "ESC [ number ~"; `other` as "ESC O final" when nothing is held with it.
struct Special {
    enum class Other : std::uint8_t { never, in_application_mode, always };
    std::uint16_t usage;
    char final;
    std::uint8_t number;
    Other other;
};
constexpr auto never = Special::Other::never;
constexpr auto always = Special::Other::always;
constexpr auto in_mode = Special::Other::in_application_mode;
constexpr std::array<Special, 22> specials{{
    {0x3a, 'P', 1, always},  {0x3b, 'Q', 1, always},  {0x3c, 'R', 1, always},
    {0x3d, 'S', 1, always},  {0x3e, '~', 15, never},  {0x3f, '~', 17, never},
    {0x40, '~', 18, never},  {0x41, '~', 19, never},  {0x42, '~', 20, never},
    {0x43, '~', 21, never},  {0x44, '~', 23, never},  {0x45, '~', 24, never},
    {0x49, '~', 2, never},   {0x4a, 'H', 1, in_mode}, {0x4b, '~', 5, never},
    {0x4c, '~', 3, never},   {0x4d, 'F', 1, in_mode}, {0x4e, '~', 6, never},
    {0x4f, 'C', 1, in_mode}, {0x50, 'D', 1, in_mode}, {0x51, 'B', 1, in_mode},
    {0x52, 'A', 1, in_mode},
}};
struct Plain {
    std::uint16_t usage;
    std::string_view text;
};
constexpr std::array<Plain, 10> others{{
    {0x54, "/"},
    {0x55, "*"},
    {0x56, "-"},
    {0x57, "+"},
    {0x58, "\r"},
    {0x59, "1"},
    {0x5a, "2"},
    {0x5b, "3"},
    {0x64, "\\"},
    {0x63, "."},
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

Keyboard::Event Keyboard::key(std::uint16_t code, bool pressed, bool application_cursor) {
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
    const auto* found = std::ranges::find(specials, code, &Special::usage);
    if (found != specials.end()) {
        return special(found->final, found->number,
                       found->other == always || (found->other == in_mode && application_cursor));
    }
    const auto* other = std::ranges::find(others, code, &Plain::usage);
    return other != others.end() ? text(other->text) : Event{};
}

Keyboard::Event Keyboard::special(char final, std::uint32_t number, bool by_escape_o) {
    const std::uint32_t modifier =
        1 + (held(shift) ? 1 : 0) + (held(alt) ? 2 : 0) + (held(control) ? 4 : 0);
    char* end = buffer_;
    const auto add = [&end](std::string_view part) { end = std::ranges::copy(part, end).out; };
    const auto add_number = [&](std::uint32_t value) {
        end = std::to_chars(end, buffer_ + sizeof buffer_, value).ptr;
    };
    add(by_escape_o && modifier == 1 ? "\x1bO" : "\x1b[");
    if (final == '~' || modifier != 1) {
        add_number(number);
    }
    if (modifier != 1) {
        add(";");
        add_number(modifier);
    }
    *end++ = final;
    return text({buffer_, end});
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
    if (byte == '\t' && held(shift)) {
        return text("\x1b[Z");
    }
    std::size_t length = 0;
    if (held(alt)) {
        buffer_[length++] = '\x1b';  // "meta sends escape"
    }
    buffer_[length++] = byte;
    return text(std::string_view(buffer_, length));
}

}  // namespace tty
