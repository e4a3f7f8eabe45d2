// SPDX-License-Identifier: MIT
// What ps was told: options as POSIX has them (`ps -ef`), as BSD has them (`ps aux`), and long ones.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/top/columns.hpp"
#include "apps/top/selection.hpp"

namespace top {

struct PsOptions {
    Selection selection;
    std::vector<Shown> shown;
    const Column* sorted_by = nullptr;  // else by number
    bool backwards = false;
    bool with_head = true;
    bool wide = false;  // lines are not cut at the terminal's edge
};

// The names of users are those in `passwd`. The error is a text for the person.
[[nodiscard]] std::expected<PsOptions, std::string> parse_ps(std::span<const std::string> words,
                                                             std::string_view passwd);

}  // namespace top
