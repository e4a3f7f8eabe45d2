// SPDX-License-Identifier: MIT
// Protocol `tty`: terminals, beside `fs` on the same File (Read, Write, Poll; Open of "tty1" or
// "MINOR" on the server's Directory). Device numbers: major 4, minor 1-6 virtual terminals, 64 the
// first serial line; major 5, minor 0 /dev/tty, 1 /dev/console.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tty {

// The terminal's settings. Bits and control characters have the values that termios has on Linux
// x86-64 (asm-generic termbits), because those are also what every program expects; the server
// gives them their meaning.
struct Settings {
    std::uint32_t input = 0, output = 0, control = 0, local = 0;
    std::uint8_t line = 0;
    std::uint8_t characters[19] = {};
};

struct GetSettings {
    static constexpr std::uint16_t label = 128;
    static constexpr std::size_t reply_payload = sizeof(Settings);
    struct Reply {};
};
struct SetSettings {
    static constexpr std::uint16_t label = 129;
    static constexpr std::size_t payload = sizeof(Settings);
    static constexpr std::uint32_t now = 0, after_output = 1, after_output_flush_input = 2;
    std::uint32_t when = now;
    std::uint32_t process_group = 0;
    struct Reply {};
};
struct GetSize {
    static constexpr std::uint16_t label = 130;
    struct Reply {
        std::uint16_t rows = 0, columns = 0, width = 0, height = 0;
    };
};
struct SetSize {
    static constexpr std::uint16_t label = 131;
    std::uint16_t rows = 0, columns = 0, width = 0, height = 0;
    struct Reply {};
};
struct GetForeground {
    static constexpr std::uint16_t label = 132;
    struct Reply {
        std::uint32_t group = 0, session = 0;
    };
};
struct SetForeground {
    static constexpr std::uint16_t label = 133;
    std::uint32_t group = 0;
    std::uint32_t process_group = 0;  // the caller's
    struct Reply {};
};
// From procmgr: this terminal now controls a session. Capability: process::Session, for job-control
// signals.
struct Attach {
    static constexpr std::uint16_t label = 134;
    static constexpr std::size_t capabilities = 1;
    std::uint32_t session = 0;
    std::uint32_t group = 0;  // becomes the foreground group
    std::uint32_t force = 0;
    struct Reply {};
};
struct Detach {
    static constexpr std::uint16_t label = 135;
    std::uint32_t session = 0;
    struct Reply {};
};
struct Flush {
    static constexpr std::uint16_t label = 136;
    static constexpr std::uint32_t input = 1, output = 2;
    std::uint32_t queues = 0;
    struct Reply {};
};
struct Pending {  // FIONREAD, TIOCOUTQ
    static constexpr std::uint16_t label = 137;
    struct Reply {
        std::uint32_t input = 0, output = 0;
    };
};
struct Identify {  // which terminal is this?
    static constexpr std::uint16_t label = 138;
    struct Reply {
        std::uint32_t major = 0, minor = 0;
    };
};

}  // namespace tty
