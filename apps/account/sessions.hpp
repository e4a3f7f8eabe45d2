// SPDX-License-Identifier: MIT
// Who is logged in, as /proc tells it: a session with a terminal is there as long as the process that leads it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace account {

struct ProcessLine {
    std::uint32_t pid = 0, session = 0;
    std::string name;            // of the program
    std::uint32_t terminal = 0;  // major << 8 | minor; 0: none
    std::uint64_t started = 0;   // hundredths of a second after the start of the system
};

// /proc/PID/stat (proc(5)). The name may hold anything, blanks and brackets too.
std::optional<ProcessLine> parse_process(std::string_view text);

// As it is called in /dev.
std::string terminal_name(std::uint32_t terminal);

// The name that /etc/passwd has for the id, or the number.
std::string user_name(std::string_view passwd, std::uint32_t id);

}  // namespace account
