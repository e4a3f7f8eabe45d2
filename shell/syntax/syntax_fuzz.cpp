// SPDX-License-Identifier: MIT
// Any bytes, with aliases or without, must give a tree or an error with a position inside the text, in bounded time and stack.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "shell/syntax/parser.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const shell::Aliases aliases = {{"a", "b "}, {"b", "a; ("}, {"c", "if x\n"}, {"d", ""}};
    shell::Parser parser(text, 0, &aliases);
    while (true) {
        auto line = parser.next_line();
        if (!line || !*line) break;
    }
    auto list = shell::Parser(text).program();
    if (list) return 0;
    auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    if (list.error().position.line > lines) std::abort();
    return 0;
}
