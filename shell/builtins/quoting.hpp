// SPDX-License-Identifier: MIT
// How builtins show what could be typed again.
#pragma once

#include <string>
#include <string_view>

#include "shell/expand/variables.hpp"

namespace shell {

// The text in single quotes.
std::string quoted(std::string_view text);

enum class Listed { all, exported, read_only };
// A line for each, `prefix` before its name. The status.
int list_variables(const Variables& variables, std::string_view prefix, Listed which);

}  // namespace shell
