// SPDX-License-Identifier: MIT
// ps and top.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace top {

using Words = std::span<const std::string>;

constexpr int status_failure = 1, status_wrong_use = 2;

// Each gives the exit status.
int ps(Words words);
int top(Words words);

// To standard error, with the program's name; gives status_failure.
int complain(const std::string& what);
int show_usage(std::string_view usage);
// False: nobody reads it any more.
bool print(std::string_view text);

}  // namespace top
