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
    std::array<char, 16> text;
    const char* end = std::to_chars(text.begin(), text.end(), number.value, 16).ptr;
    put("0x");
    for (auto digits = end - text.begin(); digits < number.digits; ++digits) {
        put("0");
    }
    put({text.begin(), end});
}

void put(std::uint64_t number) {
    std::array<char, 20> text;
    put({text.begin(), std::to_chars(text.begin(), text.end(), number).ptr});
}

}  // namespace print_detail
