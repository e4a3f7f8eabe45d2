// SPDX-License-Identifier: MIT
// Words for people: to the log, if the container's profile grants it (else nowhere).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace linux {

// One line, with the process's id in front.
void report(std::initializer_list<std::string_view> words);

// A number as text, for report(): valid until the end of the full expression.
class NumberText {
public:
    explicit NumberText(std::uint64_t value, int base = 10);
    operator std::string_view() const { return {text_, length_}; }  // NOLINT: that is its purpose

private:
    char text_[24];
    std::size_t length_;
};

// The library cannot go on: says why and ends the process as if by SIGSEGV.
[[noreturn]] void die(std::initializer_list<std::string_view> words);

}  // namespace linux
