// SPDX-License-Identifier: MIT
#include "libs/cluufile/origin.hpp"

#include "libs/cluufile/words.hpp"

namespace cluufile {

namespace {

// Cuts the first line off the text.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    return line;
}

std::string_view trimmed(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == line.npos) return {};
    return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

bool is_meant(const Word& found, std::string_view word) {
    return word.ends_with('=') ? found.text.starts_with(word) : found.text == word;
}

// Whether the line has the directive and the word. A line that is no line of a Cluufile has nothing.
bool says(Words words, std::string_view directive, std::string_view word) {
    auto found = words.next();
    if (!found || found->end || found->text != directive) return false;
    if (word.empty()) return true;
    for (found = words.next(); found && !found->end; found = words.next()) {
        if (is_meant(*found, word)) return true;
    }
    return false;
}

std::string_view base_of(Words words) {
    const auto directive = words.next();
    if (!directive || directive->end || directive->text != "FROM") return {};
    const auto image = words.next();
    return image && !image->end ? image->text : std::string_view{};
}

}  // namespace

std::optional<Origin> find_origin(std::string_view text, std::string_view directive,
                                  std::string_view word, ImageSource& images) {
    std::string_view image;
    for (std::size_t depth = 0; depth <= max_from_depth; ++depth) {
        std::string_view base;
        std::optional<Origin> origin;
        std::uint32_t number = 0;
        while (!text.empty()) {
            const std::string_view line = take_line(text);
            const Words words{{}, ++number, line};
            if (says(words, directive, word)) origin = {image, number, trimmed(line)};
            if (base.empty()) base = base_of(words);
        }
        if (origin || base.empty() || base == "minimal") return origin;
        const auto next = images.find(base);
        if (!next) return std::nullopt;
        image = base;
        text = *next;
    }
    return std::nullopt;
}

std::string_view description(std::string_view text) {
    while (!text.empty()) {
        std::string_view line = trimmed(take_line(text));
        if (!line.starts_with('#')) {
            if (!line.empty()) break;
            continue;
        }
        line = trimmed(line.substr(
            line.find_first_not_of('#') == line.npos ? line.size() : line.find_first_not_of('#')));
        if (!line.empty() && !line.starts_with("SPDX-")) return line;
    }
    return {};
}

}  // namespace cluufile
