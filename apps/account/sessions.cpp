// SPDX-License-Identifier: MIT
#include "apps/account/sessions.hpp"

#include <algorithm>
#include <charconv>

namespace account {

namespace {

template <class T>
bool parse(std::string_view text, T& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

std::string_view take(std::string_view& rest, char end) {
    const std::string_view field = rest.substr(0, rest.find(end));
    rest.remove_prefix(std::min(field.size() + 1, rest.size()));
    return field;
}

}  // namespace

std::optional<ProcessLine> parse_process(std::string_view text) {
    ProcessLine line;
    const std::size_t open = text.find(" ("), close = text.rfind(") ");
    if (open == text.npos || close == text.npos || close < open + 2) return std::nullopt;
    line.name = text.substr(open + 2, close - open - 2);
    bool right = parse(text.substr(0, open), line.pid);
    std::string_view rest = text.substr(close + 2);
    // Fields are numbered as proc(5) does: the first after the name is the state, 3.
    for (int field = 3; field <= 22; ++field) {
        const std::string_view value = take(rest, ' ');
        if (field == 6) right = right && parse(value, line.session);
        if (field == 7) right = right && parse(value, line.terminal);
        if (field == 22) right = right && parse(value, line.started);
    }
    return right ? std::optional{std::move(line)} : std::nullopt;
}

std::string terminal_name(std::uint32_t terminal) {
    constexpr std::uint32_t terminals = 4, first_serial = 64, pairs = 136;
    const std::uint32_t major = terminal >> 8, minor = terminal & 0xff;
    if (major == terminals && minor >= first_serial)
        return "ttyS" + std::to_string(minor - first_serial);
    if (major == terminals) return "tty" + std::to_string(minor);
    if (major == pairs) return "pts/" + std::to_string(minor);
    return std::to_string(major) + ":" + std::to_string(minor);
}

std::string user_name(std::string_view passwd, std::uint32_t id) {
    while (!passwd.empty()) {
        std::string_view line = take(passwd, '\n');
        const std::string_view name = take(line, ':');
        take(line, ':');
        std::uint32_t found = 0;
        if (parse(take(line, ':'), found) && found == id && !name.empty()) return std::string(name);
    }
    return std::to_string(id);
}

}  // namespace account
