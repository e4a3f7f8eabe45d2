// SPDX-License-Identifier: MIT
// Words for people: sizes, times, tables. Pure, and tested on the host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace container_tool {

// 5s, 3m 20s, 2h 5m, 3d 4h
std::string duration_text(std::uint64_t nanoseconds);
// 0.05 s
std::string cpu_text(std::uint64_t nanoseconds);

// 512K, 8M, 1G, or plain bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
// 1 to 100.
std::optional<std::uint32_t> parse_percent(std::string_view text);
// KILL, SIGKILL, 9: the number.
std::optional<std::uint32_t> parse_signal(std::string_view text);
// 0, 1, 2, ...
std::optional<std::uint64_t> parse_count(std::string_view text);
// Seconds, without a fraction.
std::optional<std::uint64_t> parse_seconds(std::string_view text);

// Rows under a head, in columns as wide as their widest cell.
class Table {
public:
    explicit Table(std::vector<std::string> head) { add(std::move(head)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

// `-v`: HOST:GUEST, HOST:GUEST:ro or HOST:GUEST:rw.
struct Volume {
    std::string source, path;
    bool read_only = false;
    friend bool operator==(const Volume&, const Volume&) = default;
};
std::optional<Volume> parse_volume(std::string_view text);

}  // namespace container_tool
