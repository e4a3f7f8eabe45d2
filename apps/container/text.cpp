// SPDX-License-Identifier: MIT
#include "apps/container/text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace container_tool {

namespace {

constexpr std::uint64_t nanoseconds_per_second = 1'000'000'000;

}  // namespace

std::optional<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::string duration_text(std::uint64_t nanoseconds) {
    std::uint64_t seconds = nanoseconds / nanoseconds_per_second;
    auto two = [](std::uint64_t a, const char* a_unit, std::uint64_t b, const char* b_unit) {
        return std::to_string(a) + a_unit + " " + std::to_string(b) + b_unit;
    };
    if (seconds < 60) return std::to_string(seconds) + "s";
    if (seconds < 3600) return two(seconds / 60, "m", seconds % 60, "s");
    if (seconds < 86400) return two(seconds / 3600, "h", seconds / 60 % 60, "m");
    return two(seconds / 86400, "d", seconds / 3600 % 24, "h");
}

std::string cpu_text(std::uint64_t nanoseconds) {
    std::uint64_t hundredths = nanoseconds / (nanoseconds_per_second / 100);
    std::string fraction = std::to_string(hundredths % 100);
    return std::to_string(hundredths / 100) + "." + (fraction.size() < 2 ? "0" : "") + fraction +
           " s";
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    unsigned shift = 0;
    if (text.ends_with('K') || text.ends_with('k')) shift = 10;
    if (text.ends_with('M') || text.ends_with('m')) shift = 20;
    if (text.ends_with('G') || text.ends_with('g')) shift = 30;
    if (shift != 0) text.remove_suffix(1);
    auto number = parse_count(text);
    if (!number || *number == 0 || *number > (std::uint64_t{1} << 46 >> shift)) return std::nullopt;
    return *number << shift;
}

std::optional<std::uint32_t> parse_percent(std::string_view text) {
    auto number = parse_count(text);
    if (!number || *number == 0 || *number > 100) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

std::optional<std::uint32_t> parse_signal(std::string_view text) {
    // POSIX's names, and their numbers on every Unix for x86-64.
    constexpr std::pair<std::string_view, std::uint32_t> names[] = {
        {"HUP", 1},   {"INT", 2},   {"QUIT", 3},  {"KILL", 9},  {"USR1", 10},
        {"USR2", 12}, {"PIPE", 13}, {"ALRM", 14}, {"TERM", 15}, {"CONT", 18},
        {"STOP", 19}, {"TSTP", 20}, {"WINCH", 28}};
    constexpr std::uint32_t last_signal = 64;
    if (text.starts_with("SIG")) text.remove_prefix(3);
    for (const auto& [name, number] : names) {
        if (text == name) return number;
    }
    auto number = parse_count(text);
    if (!number || *number == 0 || *number > last_signal) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

std::optional<std::uint64_t> parse_seconds(std::string_view text) {
    auto number = parse_count(text);
    if (!number || *number > 86400) return std::nullopt;
    return number;
}

std::optional<Volume> parse_volume(std::string_view text) {
    Volume volume;
    if (text.ends_with(":ro") || text.ends_with(":rw")) {
        volume.read_only = text.ends_with(":ro");
        text.remove_suffix(3);
    }
    const std::size_t colon = text.find(':');
    if (colon == 0 || colon == text.npos || text.find(':', colon + 1) != text.npos)
        return std::nullopt;
    volume.source = text.substr(0, colon);
    volume.path = text.substr(colon + 1);
    if (!volume.path.starts_with('/')) return std::nullopt;
    return volume;
}

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    constexpr std::size_t gap = 2;
    std::string result;
    for (const auto& row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += row[i];
            if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + gap, ' ');
        }
        result += line + "\n";
    }
    return result;
}

}  // namespace container_tool
