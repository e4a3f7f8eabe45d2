// SPDX-License-Identifier: MIT
// Shell patterns: * ? [a-z] [!x] [[:alpha:]], and a backslash before what is meant literally.
//
// `?` and a bracket stand for one character in UTF-8; a byte that is not UTF-8 counts as one.
#pragma once

#include <string>
#include <string_view>

namespace shell {

bool matches(std::string_view pattern, std::string_view text);

// Whether anything in the pattern stands for more than itself.
bool has_wildcards(std::string_view pattern);

// The text with a backslash before whatever would be special, and the inverse.
std::string escape_pattern(std::string_view text);
std::string unescape_pattern(std::string_view pattern);

}  // namespace shell
