// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>

#include "libs/procfs/process.hpp"

namespace procfs {

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

// The value of a field of /proc/PID/status.
std::string_view value_of(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        std::string_view line = take(text, '\n');
        if (take(line, ':') == name) return line.substr(line.starts_with('\t') ? 1 : 0);
    }
    return {};
}

// The number that it begins with.
template <class T>
bool number_of(std::string_view text, std::string_view name, T& number) {
    std::string_view value = value_of(text, name);
    return parse(value.substr(0, value.find_first_of("\t ")), number);
}

}  // namespace

bool parse_stat(std::string_view text, Process& process) {
    const std::size_t open = text.find(" ("), close = text.rfind(") ");
    if (open == text.npos || close == text.npos || close < open + 2) return false;
    process.name = text.substr(open + 2, close - open - 2);
    bool right = parse(text.substr(0, open), process.pid);
    std::string_view rest = text.substr(close + 2);
    // Fields are numbered as proc(5) does: the first after the name is the state, 3.
    for (int field = 3; field <= 23; ++field) {
        const std::string_view value = take(rest, ' ');
        switch (field) {
            case 3:
                right = right && value.size() == 1;
                process.state = right ? value[0] : '?';
                break;
            case 4:  right = right && parse(value, process.parent); break;
            case 5:  right = right && parse(value, process.group); break;
            case 6:  right = right && parse(value, process.session); break;
            case 7:  right = right && parse(value, process.terminal); break;
            case 22: right = right && parse(value, process.started); break;
            case 23: right = right && parse(value, process.virtual_bytes); break;
            default: break;
        }
    }
    return right;
}

bool parse_status(std::string_view text, Process& process) {
    const bool right =
        number_of(text, "Uid", process.user) && number_of(text, "VmRSS", process.memory_kib) &&
        number_of(text, "CpuTime", process.cpu_ns) && number_of(text, "Messages", process.messages);
    process.container = value_of(text, "Container");
    process.image = value_of(text, "Image");
    return right && (process.container.empty() ||
                     (number_of(text, "ContainerMem", process.container_kib) &&
                      number_of(text, "ContainerMax", process.container_limit_kib)));
}

std::uint64_t number_after(std::string_view text, std::string_view word) {
    std::uint64_t number = 0;
    if (const std::size_t at = text.find(word); at != text.npos) {
        text.remove_prefix(at + word.size());
        text.remove_prefix(std::min(text.find_first_not_of(": \t"), text.size()));
        std::from_chars(text.data(), text.data() + text.size(), number);
    }
    return number;
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

std::optional<std::uint32_t> user_id(std::string_view passwd, std::string_view name) {
    std::uint32_t id = 0;
    while (!passwd.empty()) {
        std::string_view line = take(passwd, '\n');
        const bool found = !name.empty() && take(line, ':') == name;
        take(line, ':');
        if (found && parse(take(line, ':'), id)) return id;
    }
    return parse(name, id) ? std::optional{id} : std::nullopt;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    return parse(text, number) ? std::optional{number} : std::nullopt;
}

// Control characters are 0 to 0x1f, 0x7f, and 0x80 to 0x9f, which UTF-8 writes as c2 80 to c2 9f.
std::string printable(std::string_view text) {
    std::string result(text);
    for (std::size_t i = 0; i < result.size(); ++i) {
        const auto byte = static_cast<unsigned char>(result[i]);
        const auto next = static_cast<unsigned char>(i + 1 < result.size() ? result[i + 1] : 0);
        if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next < 0xa0)) result[i] = '?';
    }
    return result;
}

}  // namespace procfs
