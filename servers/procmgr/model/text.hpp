// SPDX-License-Identifier: MIT
// Numbers as text, and text as numbers. There is no <format> without an operating system.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/cluufile/text.hpp"

namespace procmgr {

using cluufile::decimal;
using cluufile::joined;

inline std::string decimal_signed(std::int64_t number) {
    char digits[21];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return {digits, static_cast<std::size_t>(end - digits)};
}

inline std::string hexadecimal(std::uint64_t number, std::size_t width = 1) {
    char digits[16];
    const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
    std::string text{digits, static_cast<std::size_t>(end - digits)};
    if (text.size() < width) {
        text.insert(0, width - text.size(), '0');
    }
    return text;
}

// All of the text must be the number.
inline std::optional<std::uint32_t> parse_number(std::string_view text) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return number;
}

// Text from a client, for logs and lists that a person reads on a terminal: no control bytes.
// Those in `kept` stay.
inline std::string printable(std::string_view text, std::string_view kept = {}) {
    std::string out{text};
    for (char& c : out) {
        if ((static_cast<unsigned char>(c) < 0x20 || c == 0x7f) && !kept.contains(c)) {
            c = '?';
        }
    }
    return out;
}

// The last component of a path.
inline std::string_view base_name(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace procmgr
