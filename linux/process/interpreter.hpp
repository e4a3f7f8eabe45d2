// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "linux/process/hooks.hpp"
#include "linux/process/loader.hpp"

namespace linux {

// Follows `#!` lines. -> the program that is run in the end; `arguments` become its arguments. `path`
// is the script's name as the caller gave it. `start` gets what that program begins with.
Result<fd::Executable> resolve_script(fd::Executable executable, std::string_view path,
                                      std::vector<std::string>& arguments, FileStart& start);

}  // namespace linux
