// SPDX-License-Identifier: MIT
#include "linux/process/script.hpp"

namespace linux {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view trim(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

std::optional<ScriptLine> parse_script_line(std::span<const std::byte> start) {
    std::string_view text{reinterpret_cast<const char*>(start.data()), start.size()};
    if (!text.starts_with("#!")) {
        return std::nullopt;
    }
    text.remove_prefix(2);
    text = trim(text.substr(0, text.find_first_of(std::string_view{"\n\0", 2})));
    const std::size_t end = text.find_first_of(blanks);
    if (end == std::string_view::npos) {
        return ScriptLine{text, {}};
    }
    return ScriptLine{text.substr(0, end), trim(text.substr(end))};
}

}  // namespace linux
