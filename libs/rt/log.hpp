// SPDX-License-Identifier: MIT
//
// Lines in the kernel's log: `rt::log("disk of ", sectors, " sectors at ", rt::hex(address))`
// writes "NAME: disk of 8192 sectors at 0xfe000000". Long lines are cut. Without a capability "log"
// nothing happens.
//
// Logging leaves the message page as it was, so it may stand anywhere in a handler.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "libs/ipc/names.hpp"

namespace rt {

struct Hex {
    std::uint64_t value;
};
constexpr Hex hex(std::uint64_t value) { return {value}; }

// A line of text under construction, on the stack. What does not fit is cut off.
class Line {
public:
    Line& add(std::string_view piece) {
        const std::size_t count = std::min(piece.size(), text_.size() - length_);
        std::copy_n(piece.data(), count, text_.data() + length_);
        length_ += count;
        return *this;
    }
    Line& add(const char* piece) { return add(std::string_view{piece}); }
    Line& add(char piece) { return add(std::string_view{&piece, 1}); }
    Line& add(bool value) { return add(value ? "true" : "false"); }
    Line& add(std::integral auto number) { return add_number(number, 10); }
    Line& add(Hex number) { return add("0x").add_number(number.value, 16); }
    Line& add(abi::Error error) { return add(ipc::name_of(error)); }
    Line& add(ipc::Status status) { return add(ipc::name_of(status)); }
    Line& add(ipc::Failure failure) { return add(ipc::name_of(failure)); }

    [[nodiscard]] std::string_view text() const { return {text_.data(), length_}; }

private:
    Line& add_number(std::integral auto number, int base) {
        std::array<char, 66> digits;
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
        return add(std::string_view{digits.data(), static_cast<std::size_t>(end - digits.data())});
    }

    std::array<char, 240> text_;
    std::size_t length_ = 0;
};

// Writes the text as it is, without name and line feed.
void log_text(std::string_view text);
void log_line(const Line& line);

template <class... Pieces>
void log(const Pieces&... pieces) {
    Line line;
    (line.add(pieces), ...);
    log_line(line);
}

// Logs and ends the program by a fault, which shows the parent where.
[[noreturn]] void panic(std::string_view why);

}  // namespace rt
