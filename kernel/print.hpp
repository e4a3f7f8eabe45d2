// SPDX-License-Identifier: MIT
// Text from the kernel: kernel_print("found ", count, " pages at ", hex(address), "\n").
//
// Every piece goes to the log ring (log_write, kernel/object/log.cpp) and to the platform's early console. No formats,
// no allocation, no buffering: it works in a panic. The kernel says little: what it found at boot, and why it stopped.
#pragma once

#include <cstdint>
#include <string_view>

// Appends to the log ring, which user space can read. Must work from the first instruction of C++ on.
void log_write(std::string_view text);

enum class HexNumber : std::uint64_t {};
constexpr HexNumber hex(std::uint64_t value) { return HexNumber{value}; }

namespace print_detail {

void put(std::string_view text);
void put(HexNumber number);
void put(std::uint64_t number);

}  // namespace print_detail

template <class... Pieces>
void kernel_print(const Pieces&... pieces) {
    (print_detail::put(pieces), ...);
}
