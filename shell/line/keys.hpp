// SPDX-License-Identifier: MIT
// From the bytes that a terminal sends to keys.
//
//   ground --ESC--> escape --[--> control sequence --final byte--> key
//                     |   --O--> one more byte --> key
//                     |   --other--> the key with Alt
//   ground --lead byte of UTF-8--> rest of the character
//
// Sequences that mean nothing here are swallowed whole, so that an unknown key does not leave
// garbage in the line.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace shell {

struct Key {
    enum class Kind {
        text,     // one character, in `text`
        control,  // `letter` with Ctrl: 'a' to 'z'
        alt,      // `letter` with Alt
        enter,
        tab,
        backspace,
        remove,
        left,
        right,
        up,
        down,
        home,
        end,
        word_left,
        word_right,
        ignored,
    };
    Kind kind = Kind::ignored;
    std::string text;
    char letter = 0;
};

class KeyDecoder {
public:
    std::optional<Key> feed(char byte);

private:
    enum class State { ground, escape, sequence, single_shift, character };

    std::optional<Key> ground(char byte);
    std::optional<Key> escape(char byte);
    std::optional<Key> sequence(char byte);
    std::optional<Key> character(char byte);
    Key from_sequence(char final_byte) const;

    static constexpr std::size_t longest_sequence = 32;

    State state_ = State::ground;
    std::string collected_;
    std::size_t expected_ = 0;
};

}  // namespace shell
