// SPDX-License-Identifier: MIT
#include "apps/container/log_text.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace container_tool {

std::vector<LogEntry> last_lines(std::vector<LogEntry> entries, std::size_t count) {
    if (count == 0) return {};
    std::size_t ends = 0;
    bool is_last = true;  // the end of the last line separates it from nothing
    for (std::size_t i = entries.size(); i-- > 0;) {
        std::string& text = entries[i].text;
        for (std::size_t at = text.size(); at-- > 0; is_last = false) {
            if (text[at] != '\n' || is_last) continue;
            ++ends;
            if (ends != count) continue;
            text.erase(0, at + 1);
            entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(i));
            return entries;
        }
    }
    return entries;
}

std::string time_stamp(std::uint64_t time_ns) {
    constexpr std::uint64_t second = 1'000'000'000;
    const auto seconds = static_cast<std::time_t>(time_ns / second);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char date[32], text[64];
    (void)std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)std::snprintf(text, sizeof text, "%s.%09uZ", date,
                        static_cast<unsigned>(time_ns % second));
    return text;
}

std::string stamped(const LogEntry& entry, bool& begins) {
    std::string out;
    for (std::string_view rest = entry.text; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find('\n') + 1);
        const std::string_view part = line.empty() ? rest : line;
        if (begins) out += time_stamp(entry.time_ns) + " ";
        out += part;
        begins = part.ends_with('\n');
        rest.remove_prefix(part.size());
    }
    return out;
}

}  // namespace container_tool
