// SPDX-License-Identifier: MIT
// Copies of the process.
#pragma once

#include <cstdint>

#include "linux/syscalls/arguments.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux {

struct ForkOptions {
    bool wait_for_exec = false;     // vfork
    bool shares_memory = false;     // the program's; needs wait_for_exec
    std::uint64_t child_stack = 0;  // 0: the child goes on with the same address
    std::uint64_t fs_base = 0;
    std::uint64_t write_child_id_at = 0;  // in the child's memory
    std::uint64_t clear_id_at = 0;
};

// For the system call with these registers, with which the child goes on. Returns in the parent only, with the child's id.
Result<std::uint32_t> fork_process(const Arguments& arguments, const ForkOptions& options);

}  // namespace linux
