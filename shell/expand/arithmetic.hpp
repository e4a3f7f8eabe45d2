// SPDX-License-Identifier: MIT
// $((...)): whole numbers of 64 bits, C's operators, and variables by their names.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "shell/expand/variables.hpp"

namespace shell {

// A variable that is unset or empty counts as 0. Overflow wraps around.
std::expected<std::int64_t, std::string> compute(std::string_view expression, Variables& variables);

}  // namespace shell
