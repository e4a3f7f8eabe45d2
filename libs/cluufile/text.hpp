// SPDX-License-Identifier: MIT
// Numbers and lists as text. There is no <format> without an operating system.
#pragma once

#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cluufile {

inline std::string decimal(std::uint64_t number) {
    char digits[20];
    return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

// With blanks between them.
inline std::string joined(std::span<const std::string> words) {
    std::string text;
    for (const std::string& word : words) {
        text += text.empty() ? "" : " ";
        text += word;
    }
    return text;
}

// As a Cluufile has it, in quotes if it needs them. There is no way to write one with both kinds of
// quotes, or with control characters: that is for the caller to see to.
inline std::string word(std::string_view text) {
    const bool is_plain = !text.empty() && text.find_first_of(" \t\"'#") == text.npos;
    const std::string_view quote = text.find('\'') == text.npos ? "'" : "\"";
    return (is_plain ? "" : std::string{quote}) + std::string{text} +
           (is_plain ? "" : std::string{quote});
}

}  // namespace cluufile
