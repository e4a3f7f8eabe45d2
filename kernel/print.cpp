// SPDX-License-Identifier: MIT
#include "kernel/print.hpp"

#include <array>
#include <charconv>

#include "kernel/plat/platform.hpp"

namespace print_detail {

void put(std::string_view text) {
    log_write(text);
    plat::early_console_write(text);
}

void put(HexNumber number) {
    std::array<char, 18> text{'0', 'x'};
    const auto value = static_cast<std::uint64_t>(number);
    put({text.begin(), std::to_chars(text.begin() + 2, text.end(), value, 16).ptr});
}

void put(std::uint64_t number) {
    std::array<char, 20> text;
    put({text.begin(), std::to_chars(text.begin(), text.end(), number).ptr});
}

}  // namespace print_detail
