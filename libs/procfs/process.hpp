// SPDX-License-Identifier: MIT
// What /proc tells of the processes that the caller sees there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace procfs {

constexpr std::uint64_t ticks_per_second = 100;  // USER_HZ: the unit of times in /proc

struct Process {
    // /proc/PID/stat (proc(5)).
    std::uint32_t pid = 0, parent = 0, group = 0, session = 0;
    char state = '?';            // R, S, T or Z
    std::uint32_t terminal = 0;  // major << 8 | minor; 0: none
    std::uint64_t started = 0;   // ticks after the start of the system
    std::uint64_t virtual_bytes = 0;
    std::string name;  // of the program
    // /proc/PID/status.
    std::uint32_t user = 0;
    std::uint64_t memory_kib = 0;  // that its bank is charged
    std::uint64_t cpu_ns = 0;      // with what servers do for it
    std::uint64_t messages = 0;    // that it has sent to servers or other processes
    std::string container;         // empty: none
    std::string image;
    std::uint64_t container_kib = 0;  // with the containers inside it
    std::uint64_t container_limit_kib = 0;
    // /proc/PID/cmdline, each but the last followed by a blank; empty: it has none.
    std::string arguments;
};

// Texts of /proc/PID/stat and status. False: it is not one. Names may hold anything, blanks and brackets too.
[[nodiscard]] bool parse_stat(std::string_view text, Process& process);
[[nodiscard]] bool parse_status(std::string_view text, Process& process);

// The field of /proc/meminfo and the like, without its unit; 0 if it is not there.
[[nodiscard]] std::uint64_t number_after(std::string_view text, std::string_view word);

// As it is called in /dev.
[[nodiscard]] std::string terminal_name(std::uint32_t terminal);

// The name that /etc/passwd has for the id, or the number; the id of a name or number.
[[nodiscard]] std::string user_name(std::string_view passwd, std::uint32_t id);
[[nodiscard]] std::optional<std::uint32_t> user_id(std::string_view passwd, std::string_view name);

// The whole number that the text is.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

// On one line of a terminal: what would do something else there than be shown is a question mark.
[[nodiscard]] std::string printable(std::string_view text);

// ---- read from /proc

// All of a file; empty, if it cannot be read.
[[nodiscard]] std::string read_file(const std::string& path);
// By number. Nothing, with errno, if there is no /proc. One that ends meanwhile is left out.
[[nodiscard]] std::optional<std::vector<Process>> list();
// When the system was started, in seconds since 1970.
[[nodiscard]] std::int64_t boot_time();

}  // namespace procfs
