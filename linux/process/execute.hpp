// SPDX-License-Identifier: MIT
// Beginning programs: the first of an image, and execve.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "linux/syscalls/errno_map.hpp"

namespace linux {

// execve(2). Returns only with an error.
Errno execute(std::int32_t directory, std::string_view path, std::uint32_t at_flags,
              std::uint64_t arguments, std::uint64_t environment);

// If the program has a container of its own, the process becomes it, and this does not return.
Result<void> offer_to_procmgr(std::string_view path, std::vector<std::string> arguments,
                              std::vector<std::string> environment);

}  // namespace linux
