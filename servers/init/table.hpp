// SPDX-License-Identifier: MIT
//
// /etc/init.table: who is started, and with what. One directive a line, `#` to the end of the line is a comment:
//
//   server NAME FILE            begins the description of a server; FILE is its path in the archive
//     when WORD                 start it only if the kernel's command line has WORD (or WORD=...) ...
//     unless WORD               ... or has it not. Several: all must hold
//     hosted                    a program on the Linux library (libs/process/hosted_program.hpp)
//     argument TEXT             appended to its arguments
//     memory SIZE               limit of its bank: 512K, 4M, 1G, or `all` (what the machine has; default 16M)
//     priority N                0 to 255 (default 100)
//     restart always|never|N    after its death; N times at most (default always)
//     needs SERVER              one from above, from which it got what it cannot get again: when that one, or one that
//                               that one needs, is started again, this one is, too
//     receive SERVICE           the receiving end of a service: this server is it
//     call SERVICE [badge N]    the calling end, with this badge (default: the server's number in the table)
//     grant KIND ...            a piece of the machine:
//        log                       write to the kernel's log
//        log-reader                read it, too
//        archive                   the initial archive
//        boot-info                 what the kernel found at boot (abi/kernel/boot_info.hpp)
//        time-page                 the clock's page, to hand on (mapped it is in any case)
//        framebuffer               the screen's memory; left out if there is no screen
//        ports FIRST COUNT         a range of I/O ports; numbers may be hexadecimal (0x3f8)
//        interrupt N [level] [low] an interrupt line by its global number
//        io-ports, interrupt-control, physical-memory     all ports, all interrupts, all device memory
//
// receive, call and grant may end in `as NAME`, the name under which the server finds the capability. Otherwise that is
// "endpoint" for receive, the service's name for call, the kind for grant.
//
// A server that is started again (but for a hosted one) finds the name of the server whose end was the reason as its last
// argument.
//
// The kernel is told nothing of this; a server has what its lines say and nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace init {

enum class GrantKind : std::uint8_t {
    receive,
    call,
    log,
    log_reader,
    archive,
    boot_info,
    time_page,
    framebuffer,
    ports,
    interrupt,
    io_ports,
    interrupt_control,
    physical_memory,
};

struct GrantLine {
    GrantKind kind{};
    std::string service;      // receive, call
    std::string name;         // under which the server finds it
    std::uint64_t first = 0;  // ports: the first; interrupt: the number; call: the badge
    std::uint64_t count = 0;  // ports
    std::uint64_t flags = 0;  // interrupt: abi::InterruptFlags
};

inline constexpr std::uint64_t all_memory = ~std::uint64_t{0};
inline constexpr std::uint32_t restart_always = ~std::uint32_t{0};

struct ServerEntry {
    std::string name;
    std::string file;
    std::vector<std::string> arguments;
    std::vector<GrantLine> grants;
    std::vector<std::string> needs;  // those that these need included
    std::uint64_t memory = 16 << 20;
    std::uint8_t priority = 100;
    std::uint32_t restarts = restart_always;
    bool hosted = false;
    bool wanted = true;  // its conditions hold
};

struct Table {
    std::vector<ServerEntry> servers;     // in the table's order, those not wanted left out
    std::vector<std::string> complaints;  // "line N: ...": such a line is ignored
};

Table parse_table(std::string_view text, std::string_view command_line);

// Is `word`, or `word=...`, one of the blank-separated words?
bool has_word(std::string_view command_line, std::string_view word);

}  // namespace init
