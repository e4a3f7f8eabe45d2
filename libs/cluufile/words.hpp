// SPDX-License-Identifier: MIT
// One line of a Cluufile, cut into words.
//
// A word is a run of bytes without blanks, or anything between two equal quotes (' or "), which
// stand for themselves nowhere else; there are no escapes, so that every word is a view of the
// text. A `#` where a word could begin starts a comment. Control bytes other than the tab are
// mistakes wherever they stand, so that what a person sees in the file is all there is.
#pragma once

#include <cstdint>
#include <string_view>

#include "libs/base/result.hpp"
#include "libs/cluufile/cluufile.hpp"

namespace cluufile {

struct Word {
    std::string_view text;
    std::uint32_t column = 0;
    bool end = false;  // the end of the line: no word
};

class Words {
public:
    // `line` without its newline; a carriage return at its end is dropped.
    Words(std::string_view file, std::uint32_t number, std::string_view line);

    base::Result<Word, Error> next();
    // What no `next` has read yet.
    [[nodiscard]] std::string_view rest() const { return line_.substr(position_); }

    [[nodiscard]] Error error(const Word& word, std::string_view expected,
                              std::uint32_t earlier = 0) const;

private:
    Error error_at(std::size_t position, std::size_t length, std::string_view expected) const;
    base::Result<Word, Error> quoted();

    std::string_view file_;
    std::uint32_t number_;
    std::string_view line_;
    std::size_t position_ = 0;
};

}  // namespace cluufile
