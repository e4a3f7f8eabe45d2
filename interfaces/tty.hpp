// SPDX-License-Identifier: MIT
// Protocol `tty`: terminals, beside `fs` on the same File (Read, Write, Poll; Open of
// "MINOR INODE DEVICE" on one of the server's Directories, by vfs, for a device node with this minor
// number, inode and file system). Device numbers: major 4, minor 1-6 virtual terminals, 64 the
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
    static constexpr std::uint32_t return_to_newline = 0x100, lower_case = 0x200,
                                   flow_output = 0x400, any_restarts = 0x800;
    static constexpr std::uint32_t bell_when_full = 0x2000, utf8 = 0x4000;
};
struct OutputFlags {
    static constexpr std::uint32_t process = 1, upper_case = 2, newline_to_return_newline = 4,
                                   return_to_newline = 8, no_return_at_column_0 = 0x10,
                                   newline_returns = 0x20, tabs_to_spaces = 0x1800;
};
struct LocalFlags {
    static constexpr std::uint32_t signals = 1, canonical = 2, echo = 8, echo_erase = 0x10;
    static constexpr std::uint32_t echo_kill = 0x20, echo_newline = 0x40, no_flush = 0x80;
    static constexpr std::uint32_t stop_background_output = 0x100, echo_control = 0x200;
    static constexpr std::uint32_t echo_erased = 0x400, echo_kill_erase = 0x800;
    static constexpr std::uint32_t extended = 0x8000;
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
// A File of this terminal is offered to be the session's. It means nothing until procmgr attaches the
// claim, which it does only with one that it got by the File that the session's leader handed in:
// whatever that File is, the terminal is one that the leader could use.
struct Claim {
    static constexpr std::uint16_t label = 134;
    std::uint32_t session = 0;
    struct Reply {
        std::uint64_t claim = 0;
    };
};
struct Flush {
    static constexpr std::uint16_t label = 136;
    static constexpr std::uint32_t input = 1, output = 2;
    std::uint32_t queues = 0;
    std::uint32_t process_group = 0;
    struct Reply {};
};
// tcflow. Output that was stopped so is started again only so, not by the start character.
struct Flow {
    static constexpr std::uint16_t label = 143;
    static constexpr std::uint32_t stop_output = 0, start_output = 1, send_stop = 2, send_start = 3;
    std::uint32_t action = stop_output;
    std::uint32_t process_group = 0;
    struct Reply {};
};
struct Pending {  // FIONREAD, TIOCOUTQ
    static constexpr std::uint16_t label = 137;
    struct Reply {
        std::uint32_t input = 0, output = 0;
    };
};
// Nobody but user 0 may open the terminal from now on (busy), until this is undone or its session ends.
struct SetExclusive {
    static constexpr std::uint16_t label = 146;
    static constexpr std::uint32_t off = 0, on = 1, ask = 2;
    std::uint32_t to = ask;
    struct Reply {
        std::uint32_t exclusive = 0;  // now
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
        std::uint32_t packets = 0;  // SetPackets
    };
};
struct LockPair {  // the slave can be opened while the pair is not locked; a new one is
    static constexpr std::uint16_t label = 140;
    std::uint32_t locked = 0;
    struct Reply {};
};
// What the master reads begins with a byte from now on: 0, and what the slave has put out follows; or bits that say what has
// happened to the slave, alone and before all else (Poll: priority).
struct SetPackets {
    static constexpr std::uint16_t label = 145;
    static constexpr std::uint8_t input_flushed = 1, output_flushed = 2, output_stopped = 4,
                                  output_started = 8;
    // Whether the slave's settings have Ctrl-S and Ctrl-Q stop and start output; they have changed.
    static constexpr std::uint8_t no_flow_characters = 16, flow_characters = 32;
    std::uint32_t on = 0;
    struct Reply {};
};
struct SignalForeground {  // by the number, as the characters that signal do
    static constexpr std::uint16_t label = 141;
    std::uint32_t signal = 0;
    struct Reply {};
};

// ---- Terminals: for procmgr alone, by a capability of its own, whose badge is manager_badge

struct Terminals;
inline constexpr std::uint64_t manager_badge = 6;

// This terminal now controls the session, whose leader's group is in the foreground. Reply: a File for the session to keep, which is no open
// file description: it does not count where the closing of the last one matters. not_permitted:
// it controls another session, and no force was asked for; bad_handle: there is no such claim.
struct Attach {
    static constexpr std::uint16_t label = 142;
    static constexpr std::size_t reply_capabilities = 1;
    std::uint64_t claim = 0;
    std::uint32_t session = 0;
    std::uint32_t force = 0;
    struct Reply {
        std::uint32_t before = 0;  // the session that has lost it by this; 0: none
    };
};
// The session's leader has ended: its terminal sends SIGHUP and SIGCONT to the foreground group and
// is free. All open Files of a screen or serial line are of no use from then on (reads give the
// end, writes io_error): whoever stays behind does not read what is typed for the next session.
// Those of a pseudo-terminal end with its master. Answers also if no terminal is the session's.
struct Detach {
    static constexpr std::uint16_t label = 135;
    std::uint32_t session = 0;
    struct Reply {};
};

// The framebuffer, for a program of this session, which the terminal must control. Reply: a File of console's
// (interfaces/display.hpp). not_found: it is on no screen.
struct OpenFramebuffer {
    static constexpr std::uint16_t label = 144;
    static constexpr std::size_t reply_capabilities = 1;
    std::uint32_t session = 0;
    struct Reply {};
};

}  // namespace tty
