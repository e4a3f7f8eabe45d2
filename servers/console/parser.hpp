// SPDX-License-Identifier: MIT
// Parser: splits what is written to a terminal into characters (UTF-8), control characters and escape sequences.
//
// The state machine follows Paul Williams' "A parser for DEC's ANSI-compatible video terminals": whatever comes in, it never
// gets stuck; sequences that it does not know are swallowed whole. Malformed UTF-8 becomes U+FFFD.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace console {

struct ControlSequence {
    static constexpr std::size_t most_parameters = 16;

    std::array<std::uint32_t, most_parameters> parameters{};
    std::size_t count = 0;
    std::uint32_t parts =
        0;            // bit n: the n-th parameter stands after a ':', as a part of the one before
    char prefix = 0;  // '?', '>', ... or 0
    char intermediate = 0;
    char final = 0;

    // The n-th parameter; `fallback` if it is missing or 0.
    [[nodiscard]] std::uint32_t at(std::size_t n, std::uint32_t fallback = 1) const {
        return n < count && parameters[n] != 0 ? parameters[n] : fallback;
    }
    [[nodiscard]] bool is_part(std::size_t n) const { return n < count && (parts >> n & 1) != 0; }
};

class Parser {
public:
    class Sink {
    public:
        virtual void print(char32_t character) = 0;
        virtual void control(char byte) = 0;
        virtual void escape(char intermediate, char final) = 0;
        virtual void control_sequence(const ControlSequence& sequence) = 0;
        // An operating system command, "ESC ] ...".
        virtual void command(std::string_view text) = 0;

    protected:
        ~Sink() = default;
    };

    // Of a command; what is longer is swallowed.
    static constexpr std::size_t longest_command = 256;

    explicit Parser(Sink& sink) : sink_(sink) {}
    void feed(std::string_view bytes) {
        for (const char byte : bytes) {
            feed(byte);
        }
    }

private:
    enum class State : std::uint8_t {
        ground,
        escape,
        sequence,
        ignored_sequence,
        string,
        string_escape,
    };

    void feed(char byte);
    void in_string(char byte);
    void ground(char byte);
    void in_escape(char byte);
    void in_sequence(char byte);
    void decode(std::uint8_t byte);

    Sink& sink_;
    State state_ = State::ground;
    ControlSequence sequence_;
    char intermediate_ = 0;
    bool is_command_ = false;  // what kind of string it is
    std::string command_;
    char32_t character_ = 0;
    char32_t least_ = 0;  // overlong forms are below it
    unsigned continuation_ = 0;
};

}  // namespace console
