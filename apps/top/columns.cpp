// SPDX-License-Identifier: MIT
#include "apps/top/columns.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <functional>

namespace top {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t tick_ns = second_ns / procfs::ticks_per_second;

std::uint64_t age_ticks(const Process& process, const System& system) {
    return system.uptime - std::min(system.uptime, process.started);
}

std::uint64_t cpu_tenths(const Process& process, const System& system) {
    return share_of(process.cpu_ns, age_ticks(process, system) * tick_ns);
}

std::uint64_t memory_tenths(const Process& process, const System& system) {
    return system.memory_kib == 0 ? 0 : process.memory_kib * 1000 / system.memory_kib;
}

// Within a day the hour, before that the day (UTC, as all of the system).
std::string start_text(const Process& process, const System& system) {
    const auto time_of = [&](std::uint64_t ticks) {
        return static_cast<std::time_t>(system.boot_time) +
               static_cast<std::time_t>(ticks / procfs::ticks_per_second);
    };
    const std::time_t start = time_of(process.started), now = time_of(system.uptime);
    constexpr std::time_t day = 24 * 60 * 60;
    std::tm parts{};
    char text[16] = "";
    if (gmtime_r(&start, &parts) != nullptr)
        std::strftime(text, sizeof text, now - start < day ? "%H:%M" : "%b%d", &parts);
    return text;
}

std::string state_text(const Process& process) {
    std::string text(1, process.state);
    if (process.session == process.pid) text += 's';
    return text;
}

template <auto Field>
std::uint64_t number(const Process& process, const System& /*system*/) {
    return process.*Field;
}
template <auto Field>
std::string decimal(const Process& process, const System& /*system*/) {
    return std::to_string(process.*Field);
}
template <auto Field>
std::string word(const Process& process, const System& /*system*/) {
    return (process.*Field).empty() ? "-" : process.*Field;
}
template <auto Tenths>
std::string share(const Process& process, const System& system) {
    return tenths_text(Tenths(process, system));
}

using P = Process;
using S = System;
constexpr std::array columns{
    Column{"pid", "PID", 5, true, decimal<&P::pid>, number<&P::pid>},
    Column{"ppid", "PPID", 5, true, decimal<&P::parent>, number<&P::parent>},
    Column{"pgid", "PGID", 5, true, decimal<&P::group>, number<&P::group>},
    Column{"sid", "SID", 5, true, decimal<&P::session>, number<&P::session>},
    Column{"uid", "UID", 5, true, decimal<&P::user>, number<&P::user>},
    Column{"user", "USER", 8, false,
           [](const P& p, const S& s) { return procfs::user_name(s.passwd, p.user); }},
    Column{"tty", "TTY", 7, false,
           [](const P& p, const S&) {
               return p.terminal == 0 ? "?" : procfs::terminal_name(p.terminal);
           }},
    Column{"stat", "STAT", 4, false, [](const P& p, const S&) { return state_text(p); }},
    Column{"s", "S", 1, false, [](const P& p, const S&) { return std::string(1, p.state); }},
    Column{"%cpu", "%CPU", 5, true, share<cpu_tenths>, cpu_tenths},
    Column{"c", "C", 2, true,
           [](const P& p, const S& s) { return std::to_string(cpu_tenths(p, s) / 10); },
           cpu_tenths},
    Column{"%mem", "%MEM", 4, true, share<memory_tenths>, memory_tenths},
    Column{"rss", "RSS", 6, true, decimal<&P::memory_kib>, number<&P::memory_kib>},
    Column{"vsz", "VSZ", 6, true,
           [](const P& p, const S&) { return std::to_string(p.virtual_bytes / 1024); },
           number<&P::virtual_bytes>},
    Column{"time", "TIME", 8, true,
           [](const P& p, const S&) { return clock_text(p.cpu_ns / second_ns); },
           number<&P::cpu_ns>},
    Column{"etime", "ELAPSED", 8, true,
           [](const P& p, const S& s) {
               return clock_text(age_ticks(p, s) / procfs::ticks_per_second);
           },
           age_ticks},
    Column{"etimes", "ELAPSED", 7, true,
           [](const P& p, const S& s) {
               return std::to_string(age_ticks(p, s) / procfs::ticks_per_second);
           },
           age_ticks},
    Column{"start", "START", 5, true, start_text, number<&P::started>},
    Column{"msgs", "MSGS", 8, true, decimal<&P::messages>, number<&P::messages>},
    Column{"container", "CONTAINER", 14, false, word<&P::container>},
    Column{"image", "IMAGE", 12, false, word<&P::image>},
    Column{"comm", "COMMAND", 15, false, word<&P::name>},
    Column{"args", "COMMAND", 15, false, [](const P& p, const S&) { return command_of(p); }}};

struct OtherName {
    std::string_view other, name;
};
constexpr std::array other_names{
    OtherName{"pcpu", "%cpu"},   OtherName{"pmem", "%mem"},    OtherName{"rssize", "rss"},
    OtherName{"vsize", "vsz"},   OtherName{"cputime", "time"}, OtherName{"stime", "start"},
    OtherName{"euser", "user"},  OtherName{"uname", "user"},   OtherName{"ruser", "user"},
    OtherName{"euid", "uid"},    OtherName{"pgrp", "pgid"},    OtherName{"sess", "sid"},
    OtherName{"session", "sid"}, OtherName{"tt", "tty"},       OtherName{"tname", "tty"},
    OtherName{"state", "s"},     OtherName{"ucmd", "comm"},    OtherName{"ucomm", "comm"},
    OtherName{"cmd", "args"},    OtherName{"command", "args"}};

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

}  // namespace

const Column* find_column(std::string_view name) {
    const auto* const other = std::ranges::find(other_names, name, &OtherName::other);
    if (other != other_names.end()) name = other->name;
    const auto* const found = std::ranges::find(columns, name, &Column::name);
    return found == columns.end() ? nullptr : found;
}

std::string column_names() {
    std::string text;
    for (const Column& column : columns)
        text += (text.empty() ? "" : " ") + std::string(column.name);
    return text;
}

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, std::not_fn(continues)));
}

std::string cut(std::string_view text, std::size_t width) {
    std::size_t end = 0;
    for (std::size_t count = 0; end < text.size(); ++end) {
        if (!continues(text[end]) && ++count > width) break;
    }
    return std::string(text.substr(0, end));
}

std::string fit(std::string_view text, std::size_t width, bool right) {
    std::string result = cut(text, width);
    const std::string blanks(width - width_of(result), ' ');
    return right ? blanks + result : result + blanks;
}

std::string table(const std::vector<Process>& processes, const System& system,
                  const std::vector<Shown>& shown, std::size_t columns_of_line, bool with_head) {
    std::vector<std::vector<std::string>> rows;
    if (with_head &&
        std::ranges::any_of(shown, [](const Shown& one) { return !one.head.empty(); })) {
        std::vector<std::string>& head = rows.emplace_back();
        for (const Shown& one : shown) head.push_back(one.head);
    }
    for (const Process& process : processes) {
        std::vector<std::string>& row = rows.emplace_back();
        for (const Shown& one : shown) row.push_back(one.column->text(process, system));
    }
    // A column is as wide as what is in it.
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < shown.size(); ++i) {
        std::size_t width = shown[i].column->width;
        for (const auto& row : rows) width = std::max(width, width_of(row[i]));
        widths.push_back(width);
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool right = shown[i].column->right;
            const bool last = i + 1 == row.size();
            line += (i == 0 ? "" : " ") + (last && !right ? row[i] : fit(row[i], widths[i], right));
        }
        text += (columns_of_line == 0 ? line : cut(line, columns_of_line)) + "\n";
    }
    return text;
}

void sort_by(std::vector<Process>& processes, const System& system, const Column& column,
             bool backwards) {
    const auto less = [&](const Process& a, const Process& b) {
        return column.number != nullptr ? column.number(a, system) < column.number(b, system)
                                        : column.text(a, system) < column.text(b, system);
    };
    std::ranges::stable_sort(processes, [&](const Process& a, const Process& b) {
        return backwards ? less(b, a) : less(a, b);
    });
}

std::string clock_text(std::uint64_t seconds) {
    const auto two = [](std::uint64_t number) {
        return (number < 10 ? "0" : "") + std::to_string(number);
    };
    const std::uint64_t days = seconds / 86400;
    return (days == 0 ? "" : std::to_string(days) + "-") + two(seconds / 3600 % 24) + ":" +
           two(seconds / 60 % 60) + ":" + two(seconds % 60);
}

std::string tenths_text(std::uint64_t tenths) {
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string size_text(std::uint64_t kib) {
    constexpr std::uint64_t mib = 1024, gib = 1024 * mib;
    if (kib < 10 * mib) return std::to_string(kib) + "K";
    return kib < 10 * gib ? tenths_text(kib * 10 / mib) + "M" : tenths_text(kib * 10 / gib) + "G";
}

std::uint64_t share_of(std::uint64_t cpu_ns, std::uint64_t passed_ns) {
    // In microseconds, so that the product stays small.
    const std::uint64_t used = cpu_ns / 1000, passed = passed_ns / 1000;
    return passed == 0 ? 0 : used * 1000 / passed;
}

std::string command_of(const Process& process) {
    return process.arguments.empty() ? "[" + process.name + "]" : process.arguments;
}

}  // namespace top
