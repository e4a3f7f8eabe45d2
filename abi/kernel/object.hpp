// SPDX-License-Identifier: MIT
// Types of kernel objects, rights on each, and the capabilities that the first process starts with.
#pragma once

#include <cstdint>

namespace abi {

enum class ObjectType : std::uint8_t {
    none = 0,
    bank,
    cap_table,
    address_space,
    memory,
    thread,
    sched_context,
    endpoint,
    reply,
    notification,
    interrupt,          // one line
    interrupt_control,  // the right to make Interrupt objects
    io_ports,
    log,  // the kernel's log ring
    count_end,
};

// An index in a capability table. 0 is never a capability.
using CapIndex = std::uint32_t;
inline constexpr CapIndex no_capability = 0;
inline constexpr CapIndex any_slot = 0;  // as a destination: the kernel chooses

// Rights: eight bits, with a meaning per type. A copy can only have fewer.
inline constexpr std::uint8_t all_rights = 0xff;

struct BankRights {
    static constexpr std::uint8_t create = 1;  // buy objects and sub-banks
    static constexpr std::uint8_t manage = 2;  // destroy, set the limit
    static constexpr std::uint8_t query = 4;
};
struct CapTableRights {
    static constexpr std::uint8_t insert = 1;  // put capabilities in (copy, mint, move)
    static constexpr std::uint8_t manage = 2;  // delete, revoke, clone, query, take
};
struct AddressSpaceRights {
    static constexpr std::uint8_t map = 1;  // map, unmap, protect
    static constexpr std::uint8_t clone = 2;
    static constexpr std::uint8_t futex = 4;
};
struct MemoryRights {
    static constexpr std::uint8_t read = 1;
    static constexpr std::uint8_t write = 2;
    static constexpr std::uint8_t execute = 4;
    static constexpr std::uint8_t manage = 8;  // resize, supply, decommit
    static constexpr std::uint8_t physical =
        16;  // pin and learn physical addresses; cut windows of device memory
};
struct ThreadRights {
    static constexpr std::uint8_t control = 1;    // start, stop, registers, upcalls, fault handler
    static constexpr std::uint8_t interrupt = 2;  // interrupt only
};
struct SchedContextRights {
    static constexpr std::uint8_t bind = 1;
    static constexpr std::uint8_t create =
        2;  // be the parent of a context of at most this priority
    static constexpr std::uint8_t query = 4;
};
struct EndpointRights {
    static constexpr std::uint8_t call = 1;  // call and send
    static constexpr std::uint8_t receive = 2;
    static constexpr std::uint8_t mint = 4;  // set a badge (only on an unbadged capability)
};
struct ReplyRights {
    static constexpr std::uint8_t use = 1;
};
struct NotificationRights {
    static constexpr std::uint8_t signal = 1;
    static constexpr std::uint8_t wait = 2;  // wait, peek, subscribe to it, bind
    static constexpr std::uint8_t mint = 4;
};
struct InterruptRights {
    static constexpr std::uint8_t use = 1;
};
struct InterruptControlRights {
    static constexpr std::uint8_t create = 1;
};
struct IoPortsRights {
    static constexpr std::uint8_t use = 1;     // in and out
    static constexpr std::uint8_t window = 2;  // cut a smaller range
};
struct LogRights {
    static constexpr std::uint8_t write = 1;
    static constexpr std::uint8_t read = 2;
    static constexpr std::uint8_t trace = 4;  // see what all threads do
};

// What the kernel puts into the first process's table.
enum BootCapability : CapIndex {
    boot_own_table = 1,
    boot_own_space = 2,
    boot_own_thread = 3,
    boot_bank = 4,
    boot_sched_context = 5,
    boot_io_ports = 6,
    boot_interrupt_control = 7,
    boot_physical_memory = 8,  // physical (device) memory: everything that is not RAM
    boot_archive = 9,          // the initial archive, read only
    boot_info = 10,            // BootInfo, read only (abi/kernel/boot_info.hpp)
    boot_time_page = 11,       // TimePage
    boot_log = 12,
};

}  // namespace abi
