// SPDX-License-Identifier: MIT
// Numbers as text. There is no <format> without an operating system.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>

namespace cluufile {

inline std::string decimal(std::uint64_t number) {
    char digits[20];
    return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

}  // namespace cluufile
