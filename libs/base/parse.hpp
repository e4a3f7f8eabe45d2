// SPDX-License-Identifier: MIT
// Numbers in text. (std::from_chars does other bases than ten with floating point, which is not to be had everywhere.)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace base {

// All of `text` must be digits of that base (2 to 16), without a sign.
constexpr std::optional<std::uint64_t> parse_number(std::string_view text,
                                                    std::uint64_t radix = 10) {
    std::uint64_t value = 0;
    for (const char letter : text) {
        std::uint64_t digit = radix;
        if (letter >= '0' && letter <= '9') {
            digit = static_cast<std::uint64_t>(letter - '0');
        } else if (letter >= 'a' && letter <= 'f') {
            digit = static_cast<std::uint64_t>(letter - 'a') + 10;
        } else if (letter >= 'A' && letter <= 'F') {
            digit = static_cast<std::uint64_t>(letter - 'A') + 10;
        }
        if (digit >= radix || __builtin_mul_overflow(value, radix, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return std::nullopt;
        }
    }
    return text.empty() ? std::nullopt : std::optional{value};
}
static_assert(parse_number("1f", 16) == 31 && !parse_number("18446744073709551616") &&
              !parse_number(""));

}  // namespace base
