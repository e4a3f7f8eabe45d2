// SPDX-License-Identifier: MIT
// Protocol `display`: from tty to console: the pictures of virtual terminals, and serial lines.
#pragma once

#include <cstddef>
#include <cstdint>

namespace display {

struct Screen;

struct Write {  // bytes with escape sequences (a subset of xterm's), UTF-8
    static constexpr std::uint16_t label = 1;
    static constexpr std::size_t payload = 4096;
    // What the terminal answers to questions in what was written, as if it had been typed.
    static constexpr std::size_t reply_payload = 256;
    std::uint32_t terminal = 0;  // 1-6 virtual terminals, 64 the first serial line, 65 the second
    struct Reply {
        std::uint32_t taken = 0;
        std::uint32_t application_cursor = 0;  // the cursor keys' other sequences are wanted
    };
};
struct Show {  // which virtual terminal is seen
    static constexpr std::uint16_t label = 2;
    std::uint32_t terminal = 0;
    struct Reply {};
};
struct GetSize {
    static constexpr std::uint16_t label = 3;
    std::uint32_t terminal = 0;
    struct Reply {
        std::uint16_t rows = 0, columns = 0, width = 0, height = 0;
    };
};
struct Scroll {  // scrollback of the shown terminal, pages up (+) or down (-)
    static constexpr std::uint16_t label = 4;
    std::int32_t pages = 0;
    struct Reply {};
};

}  // namespace display
