// SPDX-License-Identifier: MIT
// The terminal that the shell talks to a person on.
#pragma once

#include <optional>
#include <string>

#include "shell/line/line_editor.hpp"

namespace shell {

enum class ReadOutcome { line, interrupted, end_of_input };

// Reads a line with editing. The terminal is in raw mode only meanwhile, and one byte is read at a
// time, so that what was typed ahead is there for the program that the line starts.
ReadOutcome read_line(LineEditor& editor, std::string prompt, std::string& line);

enum class PlainLine {
    whole,
    unended,  // the input ended before the newline
    none,     // it had ended before, or an interrupt is pending
};
// Reads a line, without its newline, from anything; also one byte at a time.
PlainLine read_plain_line(int descriptor, std::string& line);

}  // namespace shell
