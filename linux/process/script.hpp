// SPDX-License-Identifier: MIT
// The first line of scripts: `#! INTERPRETER [ARGUMENT]`. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace linux {

inline constexpr std::size_t longest_script_line = 256;

struct ScriptLine {
    std::string_view interpreter;  // empty: the line names none
    std::string_view argument;     // the rest of the line, one argument
};

// `start` is the file's beginning. Nothing: not a script.
std::optional<ScriptLine> parse_script_line(std::span<const std::byte> start);

}  // namespace linux
