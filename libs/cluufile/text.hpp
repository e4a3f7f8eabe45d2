// SPDX-License-Identifier: MIT
// Numbers and lists as text. There is no <format> without an operating system.
#pragma once

#include <charconv>
#include <cstdint>
#include <span>
#include <string>

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

}  // namespace cluufile
