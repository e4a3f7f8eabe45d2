// SPDX-License-Identifier: MIT
// Usages: HID Usage Tables 1.4, section 10 (Keyboard/Keypad Page).
#include "servers/tty/layout.hpp"

#include <algorithm>
#include <charconv>

namespace tty {
namespace {

constexpr std::uint16_t usage_a = 0x04;
constexpr std::uint16_t usage_1 = 0x1e;
constexpr std::uint16_t usage_enter = 0x28;
constexpr std::uint16_t usage_space = 0x2c;
constexpr std::uint16_t usage_slash = 0x38;
constexpr std::uint16_t usage_beside_shift = 0x64;
constexpr std::uint16_t shift = 1, third = 2;  // bits of the level

// From usage_1 on: digits, Enter, Escape, Backspace, Tab, Space and punctuation, plain and with shift.
constexpr std::string_view us_plain = "1234567890\r\x1b\x7f\t -=[]\\#;'`,./";
constexpr std::string_view us_shifted = "!@#$%^&*()\r\x1b\x7f\t _+{}|~:\"~<>?";
static_assert(us_plain.size() == usage_slash - usage_1 + 1 && us_shifted.size() == us_plain.size());

constexpr char32_t largest = 0x10'ffff;

bool is_character(std::uint32_t code) {
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    return !control && !surrogate && code <= largest;
}

std::string_view take_word(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    return word;
}

std::optional<std::uint32_t> number_of(std::string_view word) {
    std::uint32_t value = 0;
    const char* end = word.data() + word.size();
    const auto parsed = std::from_chars(word.data(), end, value, 16);
    return parsed.ec == std::errc{} && parsed.ptr == end ? std::optional{value} : std::nullopt;
}

std::optional<char32_t> character_of(std::string_view word) {
    const auto code = number_of(word);
    return code && is_character(*code) ? std::optional<char32_t>{*code} : std::nullopt;
}

}  // namespace

Layout::Layout() {
    for (std::uint16_t letter = 0; letter < 26; ++letter) {
        keys_[usage_a + letter][0].code = U'a' + letter;
        keys_[usage_a + letter][shift].code = U'A' + letter;
    }
    for (std::size_t i = 0; i < us_plain.size(); ++i) {
        keys_[usage_1 + i][0].code = static_cast<unsigned char>(us_plain[i]);
        keys_[usage_1 + i][shift].code = static_cast<unsigned char>(us_shifted[i]);
    }
    keys_[usage_beside_shift][0].code = U'\\';
    keys_[usage_beside_shift][shift].code = U'|';
}

Layout::Character Layout::at(std::uint16_t usage, bool with_shift, bool with_third) const {
    return usage < usages ? keys_[usage][(with_shift ? shift : 0) | (with_third ? third : 0)]
                          : Character{};
}

char32_t Layout::composed(char32_t dead, char32_t base) const {
    const auto found = compositions_.find({dead, base});
    return found == compositions_.end() ? 0 : found->second;
}

// Enter, Escape and the like stay what they are.
bool Layout::take_key(std::string_view words) {
    const auto usage = number_of(take_word(words));
    const bool is_printing =
        usage && ((*usage >= usage_a && *usage < usage_enter) ||
                  (*usage > usage_space && *usage <= usage_slash) || *usage == usage_beside_shift);
    if (!is_printing) {
        return false;
    }
    std::array<Character, levels> key{};
    std::size_t count = 0;
    for (auto word = take_word(words); !word.empty(); word = take_word(words)) {
        const bool dead = word.starts_with('*');
        const auto code = number_of(word.substr(dead ? 1 : 0));
        if (count == levels || !code || (*code != 0 && !is_character(*code))) {
            return false;
        }
        key[count++] = {*code, dead};
    }
    has_third_ = has_third_ || key[third].code != 0;
    keys_[*usage] = key;
    return count != 0;
}

bool Layout::take_compositions(std::string_view words) {
    const auto dead = character_of(take_word(words));
    for (auto word = take_word(words); dead && !word.empty(); word = take_word(words)) {
        const auto base = character_of(word);
        const auto result = character_of(take_word(words));
        if (!base || !result) {
            return false;
        }
        compositions_[{*dead, *base}] = *result;
    }
    return dead.has_value();
}

std::optional<Layout> Layout::parse(std::string_view text) {
    if (text.size() > longest) {
        return std::nullopt;
    }
    Layout layout;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::string_view what = take_word(line);
        const bool good = what.empty() || what.starts_with('#') ||
                          (what == "key" && layout.take_key(line)) ||
                          (what == "compose" && layout.take_compositions(line));
        if (!good) {
            return std::nullopt;
        }
    }
    return layout;
}

}  // namespace tty
