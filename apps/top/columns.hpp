// SPDX-License-Identifier: MIT
// What can be said of a process, as text in a column.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libs/procfs/process.hpp"

namespace top {

using procfs::Process;

// What else columns are made of.
struct System {
    std::string passwd;            // the text of /etc/passwd
    std::int64_t boot_time = 0;    // seconds since 1970
    std::uint64_t uptime = 0;      // ticks
    std::uint64_t memory_kib = 0;  // of the machine
};

struct Column {
    std::string_view name;  // for `-o`
    std::string_view head;
    std::size_t width = 0;  // at least; the last column of a line has no end
    bool right = false;     // numbers stand at the right
    std::string (*text)(const Process&, const System&) = nullptr;
    std::uint64_t (*number)(const Process&, const System&) = nullptr;  // sorts by it; else by text
};

// By any of its names; nullptr: there is none.
[[nodiscard]] const Column* find_column(std::string_view name);
// The names of all, with a blank between.
[[nodiscard]] std::string column_names();

// A column as a person wants it: with another head, perhaps none.
struct Shown {
    const Column* column = nullptr;
    std::string head;
};

// The head, if some column has one, and a line for each process. A line has at most `columns` characters; 0: as many as it takes.
[[nodiscard]] std::string table(const std::vector<Process>& processes, const System& system,
                                const std::vector<Shown>& shown, std::size_t columns,
                                bool with_head);

// By the column; `backwards`: the largest first. Equal ones stay in order.
void sort_by(std::vector<Process>& processes, const System& system, const Column& column,
             bool backwards);

// Characters, of which UTF-8 has some in several bytes.
[[nodiscard]] std::size_t width_of(std::string_view text);
// Cut or filled up with blanks to this width.
[[nodiscard]] std::string fit(std::string_view text, std::size_t width, bool right = false);
[[nodiscard]] std::string cut(std::string_view text, std::size_t width);

// [DD-]HH:MM:SS
[[nodiscard]] std::string clock_text(std::uint64_t seconds);
// 12.3
[[nodiscard]] std::string tenths_text(std::uint64_t tenths);
// 396K, 12.3M, 1.5G
[[nodiscard]] std::string size_text(std::uint64_t kib);
// Tenths of a percent of one CPU, from nanoseconds in as many.
[[nodiscard]] std::uint64_t share_of(std::uint64_t cpu_ns, std::uint64_t passed_ns);
// What it was told to do, or its name in brackets.
[[nodiscard]] std::string command_of(const Process& process);

}  // namespace top
