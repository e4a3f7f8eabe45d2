// SPDX-License-Identifier: MIT
// Names of what is not a file, for completion.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "shell/expand/variables.hpp"

namespace shell {

// From /etc/passwd.
std::vector<std::string> user_names();
// Process ids, each with the name of its program; in order, this shell's own apart.
std::vector<std::pair<std::string, std::string>> process_names();
// As `container ls` lists them, `-a` with those that have ended.
std::vector<std::string> container_names(const Variables& variables, bool also_ended);

}  // namespace shell
