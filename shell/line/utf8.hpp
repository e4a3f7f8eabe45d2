// SPDX-License-Identifier: MIT
// UTF-8, as far as a shell needs it: where characters begin, and how many columns they take on a
// terminal.
//
// Bytes that are not UTF-8 count as characters of their own.
#pragma once

#include <cstddef>
#include <string_view>

namespace shell {

struct Character {
    char32_t code = 0;
    std::size_t length = 1;  // in bytes
    bool valid = false;
};

// The character that begins at `at`, which is inside the text.
Character character_at(std::string_view text, std::size_t at);

// Where the character before or after a boundary begins or ends; combining characters go with their
// base.
std::size_t previous_boundary(std::string_view text, std::size_t at);
std::size_t next_boundary(std::string_view text, std::size_t at);

// 0 for combining characters, 2 for wide ones, else 1.
int columns(char32_t code);

}  // namespace shell
