// SPDX-License-Identifier: MIT
// The layout of a keyboard: which characters its keys stand for. Without another one it is the US layout.
//
// As text (tools/cluu/keyboard.py makes some), a line each, all numbers hexadecimal:
//
//     key USAGE PLAIN [SHIFT [ALTGR [BOTH]]]       the key's HID usage, and characters; 0: none, * before one: a dead key
//     compose DEAD BASE RESULT [BASE RESULT]...    a dead key's character and the next one make this one
//     # a comment
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace tty {

class Layout {
public:
    static constexpr std::size_t longest = 4096;  // bytes of text

    struct Character {
        char32_t code = 0;  // 0: none
        bool dead = false;
    };

    Layout();
    // The US layout with these changes; nothing: there is a mistake in the text.
    [[nodiscard]] static std::optional<Layout> parse(std::string_view text);

    [[nodiscard]] Character at(std::uint16_t usage, bool shift, bool third) const;
    // Is there anything to be had with AltGr? Else it is another Alt.
    [[nodiscard]] bool has_third() const { return has_third_; }
    // 0: these two make nothing.
    [[nodiscard]] char32_t composed(char32_t dead, char32_t base) const;

private:
    static constexpr std::size_t usages = 0x65;
    static constexpr std::size_t levels = 4;

    [[nodiscard]] bool take_key(std::string_view words);
    [[nodiscard]] bool take_compositions(std::string_view words);

    std::array<std::array<Character, levels>, usages> keys_{};
    std::map<std::pair<char32_t, char32_t>, char32_t> compositions_;
    bool has_third_ = false;
};

}  // namespace tty
