// SPDX-License-Identifier: MIT
// Protocol `display`: from tty to console: the pictures of virtual terminals, and serial lines.
//
// The screen itself can be lent: from tty to procmgr to the program go Files that console serves (OpenFramebuffer). Such a File
// speaks `fs` (Map, Poll, GetAttributes, SetStatusFlags) and GetMode, and is of one terminal:
//   Map       lends the framebuffer's memory, for as long as the terminal is in front. would_block: it is not; io_error: the
//             terminal's session has ended. Nothing is drawn on the terminal meanwhile. When another terminal is shown, the
//             File closed, or the session at its end, the loan is over: the Memory is gone, from all page tables, too.
//   Poll      readable and writable while the terminal is in front; error when a loan has been taken back, until the next Map;
//             hang_up when the session has ended.
#pragma once

#include <cstddef>
#include <cstdint>

namespace display {

struct Screen;

// Of tty's Screen, for whoever starts it and console to mint: only it may more than who has a File.
inline constexpr std::uint64_t screen_badge = 1;

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

struct OpenFramebuffer {  // not_found: there is no screen; limit: too many are open
    static constexpr std::uint16_t label = 128;
    static constexpr std::size_t reply_capabilities = 1;  // fs::File
    std::uint32_t terminal = 0;
    struct Reply {};
};
struct EndFramebuffers {  // the terminal's session has ended: its Files lend nothing any more
    static constexpr std::uint16_t label = 129;
    std::uint32_t terminal = 0;
    struct Reply {};
};
struct GetMode {  // on such a File
    static constexpr std::uint16_t label = 130;
    struct Reply {
        std::uint32_t width = 0, height = 0;  // pixels
        std::uint32_t pitch = 0;              // bytes from a row to the next
        // Of a pixel of 32 bits; red, green and blue have 8 bits each, from these on.
        std::uint32_t red_shift = 0, green_shift = 0, blue_shift = 0;
    };
};

// Device number of a File, and of the node that programs open it by, as on Linux.
inline constexpr std::uint32_t framebuffer_major = 29, framebuffer_minor = 0;

}  // namespace display
