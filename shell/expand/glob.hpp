// SPDX-License-Identifier: MIT
// Patterns over the names of files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shell {

// The existing paths that match, in the order of their bytes. A leading dot must be matched by a
// dot.
std::vector<std::string> glob(std::string_view pattern);

}  // namespace shell
