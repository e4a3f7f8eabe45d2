// SPDX-License-Identifier: MIT
// Protocol `tty`: terminals, beside `fs` on the same File (Read, Write, Poll; Open of "tty1" or
// "MINOR" on the server's Directory). Device numbers: major 4, minor 1-6 virtual terminals, 64 the
// first serial line; major 5, minor 0 /dev/tty, 1 /dev/console, 2 the master of a pseudo-terminal;
// major 136 the slaves of pseudo-terminals, whose minor is their number.
//
// Pseudo-terminals are made and found in a file system of their own, for /dev/pts, which is mounted
// with names::Mount::per_view: opening "ptmx" makes a pair and gives its master; "N" is the slave of
// pair N, in the branch that the pair was made in and in those that come from it. Operations on a
// master's File concern the pair's terminal, but Read, Write and Poll, which are the other end of its
// line; an Open without a path opens the slave.
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

// The bits that the server acts on.
struct InputFlags {
    static constexpr std::uint32_t strip = 0x20, newline_to_return = 0x40, ignore_return = 0x80;
    static constexpr std::uint32_t return_to_newline = 0x100, flow_output = 0x400,
                                   any_restarts = 0x800;
    static constexpr std::uint32_t utf8 = 0x4000;
};
struct OutputFlags {
    static constexpr std::uint32_t process = 1, newline_to_return_newline = 4,
                                   return_to_newline = 8;
};
struct LocalFlags {
    static constexpr std::uint32_t signals = 1, canonical = 2, echo = 8, echo_erase = 0x10;
    static constexpr std::uint32_t echo_kill = 0x20, echo_newline = 0x40, no_flush = 0x80;
    static constexpr std::uint32_t stop_background_output = 0x100, echo_control = 0x200;
    static constexpr std::uint32_t echo_kill_erase = 0x800, extended = 0x8000;
};
// Places in `characters`. A character of 0 is switched off.
enum ControlCharacter : std::uint8_t {
    interrupt_character = 0,
    quit_character = 1,
    erase_character_place = 2,
    kill_character = 3,
    end_character = 4,
    time_limit = 5,   // tenths of a second, not a character
    least_count = 6,  // bytes, not a character
    start_character = 8,
    stop_character = 9,
    suspend_character = 10,
    line_end_character = 11,
    reprint_character = 12,
    word_erase_character = 14,
    literal_character = 15,
    second_line_end_character = 16,
};
// What a terminal has when nobody has set it.
constexpr Settings default_settings() {
    Settings settings;
    settings.input = InputFlags::return_to_newline | InputFlags::flow_output | InputFlags::utf8;
    settings.output = OutputFlags::process | OutputFlags::newline_to_return_newline;
    settings.control = 0x04bf;  // 38400 baud, 8 bits, receiver on, hang up on close
    settings.local = LocalFlags::signals | LocalFlags::canonical | LocalFlags::echo |
                     LocalFlags::echo_erase | LocalFlags::echo_kill | LocalFlags::echo_control |
                     LocalFlags::echo_kill_erase | LocalFlags::extended;
    constexpr std::uint8_t defaults[19] = {3,  28, 127, 21, 4,  0,  1, 0, 17, 19,
                                           26, 0,  18,  15, 23, 22, 0, 0, 0};
    for (int i = 0; i < 19; ++i) {
        settings.characters[i] = defaults[i];
    }
    return settings;
}

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
        bool operator==(const Reply&) const = default;
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
// signals. Reply: a File for the session to keep, which is no open file description: it does not
// count where the closing of the last one matters.
struct Attach {
    static constexpr std::uint16_t label = 134;
    static constexpr std::size_t capabilities = 1;
    static constexpr std::size_t reply_capabilities = 1;
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
// ---- on a master's File; not_terminal on others

struct GetPair {
    static constexpr std::uint16_t label = 139;
    struct Reply {
        std::uint32_t number = 0;
        std::uint32_t locked = 0;
    };
};
struct LockPair {  // the slave can be opened while the pair is not locked; a new one is
    static constexpr std::uint16_t label = 140;
    std::uint32_t locked = 0;
    struct Reply {};
};
struct SignalForeground {  // by the number, as the characters that signal do
    static constexpr std::uint16_t label = 141;
    std::uint32_t signal = 0;
    struct Reply {};
};

}  // namespace tty
