// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/start_table.hpp"

#include "libs/cluufile/cluufile.hpp"
#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view terminals =
    "/dev/tty";  // and the number, of serial lines with an S before it
constexpr std::uint32_t first_serial = 64;

std::string_view take_word(std::string_view& text) {
    const std::size_t start = text.find_first_not_of(blanks);
    if (start == std::string_view::npos) {
        text = {};
        return {};
    }
    const std::size_t end = std::min(text.find_first_of(blanks, start), text.size());
    const std::string_view word = text.substr(start, end - start);
    text.remove_prefix(end);
    return word;
}

// What is wrong with the line, or nothing.
std::string_view enter_line(std::string_view line, StartTable& table) {
    const std::string_view image = take_word(line);
    if (image.empty()) {
        return {};
    }
    const std::string_view purpose = take_word(line);
    if (!cluufile::is_image_name(image)) {
        return "expected the name of an image (a-z 0-9 . _ -)";
    }
    std::string_view word = take_word(line);
    const bool when_shown = word == "shown" && purpose.starts_with(terminals);
    word = when_shown ? take_word(line) : word;
    const bool unless = word == "unless";
    const std::string_view forbidden = unless ? take_word(line) : std::string_view{};
    word = unless ? take_word(line) : word;
    if (!word.empty() || (unless && forbidden.empty())) {
        return "expected the image, at most one word after it, `shown` after a terminal, and "
               "`unless` with a word";
    }
    StartEntry entry{
        .image = std::string{image}, .forbidden = std::string{forbidden}, .when_shown = when_shown};
    entry.is_service = purpose == "service";
    if (!entry.is_service) {
        (purpose.starts_with('/') ? entry.terminal : entry.condition) = purpose;
    }
    table.entries.push_back(std::move(entry));
    return {};
}

}  // namespace

std::string path_of_terminal(std::uint32_t number) {
    const bool serial = number >= first_serial;
    return std::string{terminals} + (serial ? "S" : "") +
           decimal(serial ? number - first_serial : number);
}

StartTable parse_start_table(std::string_view text) {
    StartTable table;
    std::uint32_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        line = line.substr(0, line.find('#'));
        if (const std::string_view wrong = enter_line(line, table); !wrong.empty()) {
            table.complaints.push_back("line " + decimal(number) + ": " + std::string{wrong});
        }
    }
    return table;
}

bool has_word(std::string_view command_line, std::string_view word) {
    for (std::string_view found = take_word(command_line); !found.empty();
         found = take_word(command_line)) {
        if (found == word ||
            (found.starts_with(word) && found.substr(word.size()).starts_with('='))) {
            return true;
        }
    }
    return false;
}

}  // namespace procmgr
