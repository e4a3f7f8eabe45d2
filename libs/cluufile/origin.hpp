// SPDX-License-Identifier: MIT
// Which line of a Cluufile, or of one that it is built FROM, says something: found by looking at the text again, when
// somebody asks. The parser need not remember it, and a start costs nothing for it.
#pragma once

#include <optional>
#include <string_view>

#include "libs/cluufile/cluufile.hpp"

namespace cluufile {

struct Origin {
    std::string_view image;  // of the base that says it; empty: the file itself does
    std::uint32_t line = 0;
    std::string_view text;  // the line, without blanks around it
};

// The line with this directive that holds in the end, in a text that `parse` found right. `word`, unless it is empty, is one
// of its words; if it ends with `=`, one of them begins with it.
[[nodiscard]] std::optional<Origin> find_origin(std::string_view text, std::string_view directive,
                                                std::string_view word, ImageSource& images);

// What the file says about itself: the first line of its first comment, but for that of the licence.
[[nodiscard]] std::string_view description(std::string_view text);

}  // namespace cluufile
