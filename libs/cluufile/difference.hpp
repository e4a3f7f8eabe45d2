// SPDX-License-Identifier: MIT
// What authority changes from one plan to another: what whoever accepts the new one gives away, or takes back.
#pragma once

#include "libs/cluufile/plan.hpp"

namespace cluufile {

struct Change {
    enum class Kind : std::uint8_t { gains, loses, runs } kind = Kind::gains;
    std::string text = {};  // after "gains", "loses" or "runs"
};

// Nothing, if both may do the same and run the same.
[[nodiscard]] std::vector<Change> difference(const Plan& before, const Plan& after);

}  // namespace cluufile
