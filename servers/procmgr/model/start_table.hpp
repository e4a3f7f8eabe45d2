// SPDX-License-Identifier: MIT
// /etc/procmgr.table: the first containers. One a line: the image, and what it is for:
//
//   login  /dev/tty1         a session on this terminal, which becomes its standard input and output
//   login  /dev/tty2 shown   the same, but not before somebody looks at that terminal of the screen, or types at that serial line
//   execd  exec              only if the kernel's command line has this word
//   login  /dev/ttyS1 unless exec   only if it has not; `shown` may stand before it
//   accounts  service        receives on an endpoint, in the slot own_service; when it is first asked for
//
// Blank lines and `#` to the end of the line are ignored. Each entry is started when the file
// systems are there, and again whenever it ends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace procmgr {

struct StartEntry {
    std::string image;
    std::string terminal;   // absolute path, or empty
    std::string condition;  // a word of the command line, or empty
    std::string forbidden;  // likewise: by which it is not started
    bool when_shown = false;
    bool is_service = false;
};

struct StartTable {
    std::vector<StartEntry> entries;
    std::vector<std::string> complaints;  // "line N: ..."
};

// The path of process::TerminalShown's terminal.
[[nodiscard]] std::string path_of_terminal(std::uint32_t number);

[[nodiscard]] StartTable parse_start_table(std::string_view text);

// Is `word`, or `word=...`, one of the blank-separated words?
[[nodiscard]] bool has_word(std::string_view command_line, std::string_view word);

}  // namespace procmgr
