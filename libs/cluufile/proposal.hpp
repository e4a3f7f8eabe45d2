// SPDX-License-Identifier: MIT
// From what a run has used of its files to a Cluufile that allows just that: a proposal, for one run does not show all that a
// program may need.
#pragma once

#include "libs/cluufile/plan.hpp"

namespace cluufile {

struct Use {
    std::string path;  // absolute and normal
    Rights rights;     // none: its attributes
};

// The plan with what these uses need, and nothing that `plan` does not allow. A mount of `/` becomes mounts of the directories in it
// that were used, unless these are many or files in `/` were.
[[nodiscard]] Plan tightened(const Plan& plan, const CommandLine& line, std::span<const Use> uses);

// A Cluufile that says what the plan does.
[[nodiscard]] std::string text_of(const Plan& plan);

}  // namespace cluufile
