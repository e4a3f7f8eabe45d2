// SPDX-License-Identifier: MIT
// A plan in plain words: what the container may do, and what it may not. For people, so each statement completes
// "It may ..." or "It may not ...", and says what in the Cluufile it stands on.
#pragma once

#include "libs/cluufile/plan.hpp"

namespace cluufile {

struct Statement {
    enum class Kind : std::uint8_t { runs, may, may_not } kind = Kind::may;
    std::string text = {};
    // The line that says so (origin.hpp): its directive, and one of its words. Without a directive no line
    // does, and `because` says why it is so.
    std::string_view directive = {};
    std::string word = {};
    std::string_view because = {};
};

// With a command line, names are those that it grants; without one (no arguments, not even argv[0]),
// they are "what its arguments name".
[[nodiscard]] std::vector<Statement> explain(const Plan& plan, const CommandLine& line);

// As a person reads it: the kinds under their heads, and beside each statement its reason. `reasons`: one for each
// statement, or none at all: then its directive and word are.
[[nodiscard]] std::string text_of(std::span<const Statement> statements,
                                  std::span<const std::string> reasons = {});

// "16.0 MiB": with one decimal, rounded down; plain below 1 KiB.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

// As a Cluufile says it: "500ms", "90s", "5m", "1h".
[[nodiscard]] std::string time_text(std::uint64_t milliseconds);

// read -> "read", write -> "change and remove", create -> "create", with commas and "and".
[[nodiscard]] std::string verbs(Rights rights);

}  // namespace cluufile
