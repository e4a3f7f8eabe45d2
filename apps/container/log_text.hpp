// SPDX-License-Identifier: MIT
// What `container logs` shows of what it has read. Pure, and tested on the host.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace container_tool {

struct LogEntry {
    std::uint64_t time_ns = 0;  // since 1970-01-01 UTC
    bool is_error = false;      // written to standard error
    std::string text;           // as it was written: lines, or parts of lines
};

// The last lines of all: the last one need not have ended.
std::vector<LogEntry> last_lines(std::vector<LogEntry> entries, std::size_t count);

// 2026-01-31T13:05:09.000000001Z, as RFC 3339 has it.
std::string time_stamp(std::uint64_t time_ns);

// With the time before each line that begins in it. `begins`: a line begins with it; then: with what follows.
std::string stamped(const LogEntry& entry, bool& begins);

}  // namespace container_tool
