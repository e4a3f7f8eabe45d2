// SPDX-License-Identifier: MIT
//
// Making a native program into a running process: its bank, table, space, thread, and the page that tells it about them
// (libs/rt/start_info.hpp). All of it is bought from the new process's own bank, so that destroying that bank undoes it.
//
// Slots of the new table: 1 to 5 as in abi::BootCapability (own table, space, thread, bank, scheduling context), then what was
// granted. The process may buy from its bank, but not destroy it or raise its limit.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "libs/ipc/kernel_objects.hpp"
#include "libs/process/failure.hpp"

namespace loader {

struct Grant {
    std::string_view name;  // under which the program finds it; at most 23 bytes
    ipc::AnyRef capability;
    std::uint8_t rights = abi::all_rights;
};

struct ProgramSpec {
    std::string_view name;
    std::span<const std::byte> file;
    std::span<const std::string_view> arguments = {};
    std::span<const Grant> grants = {};
    std::uint64_t memory_limit = 0;
    std::uint8_t priority = 0;
    std::uint32_t table_slots =
        32768;  // the most that there may be: only pages in use are paid for
    std::uint64_t stack_bytes = 64 * 1024;
    ipc::Ref<ipc::Bank> bank = {};                   // the parent of the new one
    ipc::Ref<ipc::SchedContext> sched_context = {};  // the parent of the new one
    ipc::Ref<ipc::Memory> time_page = {};
    ipc::Ref<ipc::Endpoint> fault_handler = {};
    std::uint64_t fault_badge = 0;
};

// What the parent keeps. Dropping it does not end the process; destroying the bank does.
struct Program {
    ipc::Capability<ipc::Bank> bank;
    ipc::Capability<ipc::Thread> thread;
};

LoadResult<Program> start_program(const ProgramSpec& spec);

}  // namespace loader
