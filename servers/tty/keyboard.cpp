// SPDX-License-Identifier: MIT
// Usages: HID Usage Tables 1.4, section 10 (Keyboard/Keypad Page). Sequences: xterm's "ctlseqs", PC-style function keys.
#include "servers/tty/keyboard.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace tty {

namespace {

constexpr std::uint8_t control = 1;
constexpr std::uint8_t shift = 2;
constexpr std::uint8_t alt = 4;
constexpr std::uint8_t right_alt = 8;

constexpr std::uint16_t usage_a = 0x04;
constexpr std::uint16_t usage_slash = 0x38;
constexpr std::uint16_t usage_caps_lock = 0x39;
constexpr std::uint16_t usage_f1 = 0x3a;
constexpr std::uint16_t usage_f6 = 0x3f;
constexpr std::uint16_t usage_page_up = 0x4b;
constexpr std::uint16_t usage_delete = 0x4c;
constexpr std::uint16_t usage_page_down = 0x4e;
constexpr std::uint16_t usage_first_modifier =
    0xe0;  // left control, shift, alt, GUI, then the right ones
constexpr std::uint16_t usage_right_alt = 0xe6;
constexpr std::uint16_t usage_last_modifier = 0xe7;
constexpr std::uint16_t usage_beside_shift = 0x64;  // on keyboards that have one key more

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
constexpr std::array<Plain, 9> others{{
    {0x54, "/"},
    {0x55, "*"},
    {0x56, "-"},
    {0x57, "+"},
    {0x58, "\r"},
    {0x59, "1"},
    {0x5a, "2"},
    {0x5b, "3"},
    {0x63, "."},
}};

std::uint8_t modifier_of(std::uint16_t code) {
    if (code == usage_right_alt) {
        return right_alt;
    }
    switch ((code - usage_first_modifier) % 4) {
        case 0:  return control;
        case 1:  return shift;
        case 2:  return alt;
        default: return 0;
    }
}

// What control makes of a character, if it makes anything of it.
char32_t with_control(char32_t code) {
    if (code == U' ' || code == U'2') {
        return 0;
    }
    const bool has_one = (code >= U'@' && code < 0x7f) || code == U'?';
    return !has_one ? code : code == U'?' ? 0x7f : code & 0x1f;
}

bool is_letter(char32_t plain, char32_t shifted) {
    const bool lower = (plain >= U'a' && plain <= U'z') || (plain >= 0xe0 && plain <= 0xfe);
    return lower && shifted == plain - 0x20;
}

// UTF-8 (RFC 3629).
char* add_character(char* end, char32_t code) {
    const auto tail = [code](unsigned shift) {
        return static_cast<char>(0x80 | (code >> shift & 0x3f));
    };
    if (code < 0x80) {
        *end++ = static_cast<char>(code);
    } else if (code < 0x800) {
        *end++ = static_cast<char>(0xc0 | code >> 6);
        *end++ = tail(0);
    } else if (code < 0x1'0000) {
        *end++ = static_cast<char>(0xe0 | code >> 12);
        *end++ = tail(6);
        *end++ = tail(0);
    } else {
        *end++ = static_cast<char>(0xf0 | code >> 18);
        *end++ = tail(12);
        *end++ = tail(6);
        *end++ = tail(0);
    }
    return end;
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
    if (alt_held() && code >= usage_f1 && code <= usage_f6) {
        return {.action = Action::show_terminal, .number = code - usage_f1 + 1};
    }
    if (held(shift) && (code == usage_page_up || code == usage_page_down)) {
        return {.action = Action::scroll, .number = code == usage_page_up ? 1 : -1};
    }
    if (held(control) && alt_held() && code == usage_delete) {
        return {.action = Action::restart_machine};
    }
    if ((code >= usage_a && code <= usage_slash) || code == usage_beside_shift) {
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

bool Keyboard::alt_held() const { return held(alt) || (held(right_alt) && !layout_.has_third()); }

Keyboard::Event Keyboard::special(char final, std::uint32_t number, bool by_escape_o) {
    const std::uint32_t modifier =
        1 + (held(shift) ? 1 : 0) + (alt_held() ? 2 : 0) + (held(control) ? 4 : 0);
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
    const bool third = held(right_alt) && layout_.has_third();
    const bool letter =
        is_letter(layout_.at(code, false, third).code, layout_.at(code, true, third).code);
    const auto typed = layout_.at(code, held(shift) != (letter && caps_lock_), third);
    if (typed.code == 0) {
        return {};
    }
    if (typed.code == U'\t' && held(shift)) {
        return text("\x1b[Z");
    }
    const char32_t dead = std::exchange(dead_, 0);
    if (typed.dead && dead == 0) {
        dead_ = typed.code;
        return {};
    }
    char* end = buffer_;
    if (alt_held()) {
        *end++ = '\x1b';  // "meta sends escape"
    }
    if (held(control)) {
        return text({buffer_, add_character(end, with_control(typed.code))});
    }
    char32_t whole = typed.code;
    if (dead != 0 && typed.code >= U' ' && typed.code != 0x7f) {
        // Twice, or with a blank, it is itself; what does not go together comes one after the other.
        const char32_t composed = layout_.composed(dead, typed.code);
        const bool alone = typed.code == dead || typed.code == U' ';
        end = composed == 0 && !alone ? add_character(end, dead) : end;
        whole = composed != 0 ? composed : alone ? dead : typed.code;
    }
    return text({buffer_, add_character(end, whole)});
}

}  // namespace tty
