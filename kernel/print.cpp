// SPDX-License-Identifier: MIT
#include "kernel/print.hpp"

#include "kernel/plat/platform.hpp"

namespace print_detail {

void put(std::string_view text) {
    log_write(text);
    plat::early_console_write(text);
}

void put(HexNumber number) {
    std::array<char, 16> text;
    std::size_t start = text.size();
    std::uint64_t value = number.value;
    do {
        text[--start] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (start > 0 &&
             (value != 0 || text.size() - start < static_cast<std::size_t>(number.digits)));
    put(std::string_view("0x"));
    put(std::string_view(text.data() + start, text.size() - start));
}

void put_number(std::uint64_t value) {
    std::array<char, 20> text;
    std::size_t start = text.size();
    do {
        text[--start] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    put(std::string_view(text.data() + start, text.size() - start));
}

}  // namespace print_detail
