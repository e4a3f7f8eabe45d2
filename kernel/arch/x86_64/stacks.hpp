// SPDX-License-Identifier: MIT
// The CPUs' stacks. They lie from cpu_stacks_begin on, in a stretch of the same size for each CPU. Below each stack is a page that is
// not mapped: an overflow faults instead of writing elsewhere. (Until it first goes to user mode, or idles, the boot CPU stands on
// one in the image, which is guarded alike.)
//
//   page | kernel stack | page | stack of the first fault that has one | page | ...
#pragma once

#include <arch/cpu.hpp>
#include <arch/cpus.hpp>

#include "kernel/arch/x86_64/traps.hpp"
#include "libs/base/align.hpp"

extern "C" std::byte boot_stack_guard[];  // boot.S

namespace arch {

inline constexpr std::uint64_t stack_guard_bytes = 4096;
inline constexpr std::uint64_t fault_stack_bytes = 8192;
inline constexpr std::uint64_t stack_stretch = 0x20000;
static_assert(stack_guard_bytes + KERNEL_STACK_SIZE +
                  fault_stack_vectors.size() * (stack_guard_bytes + fault_stack_bytes) <=
              stack_stretch);

// Is this in the page below one of any CPU's stacks? (Of their stretches all that can fault is guards.)
inline bool is_stack_guard(std::uint64_t address) {
    return address - cpu_stacks_begin < most_cpus * stack_stretch ||
           address - reinterpret_cast<std::uint64_t>(boot_stack_guard) < stack_guard_bytes;
}

// Makes the stacks of a CPU, by its `id`, of pages that map(address) -> bool puts there, and notes them in it. False: it has none
// left.
template <class Map>
bool make_stacks(Cpu& cpu, Map&& map) {
    std::uint64_t at = cpu_stacks_begin + cpu.id * stack_stretch;
    bool complete = true;
    const auto make = [&](std::uint64_t bytes) {
        at += stack_guard_bytes;
        for (const std::uint64_t top = at + bytes; at < top; at += base::page_size) {
            complete = complete && map(at);
        }
        return at;
    };
    cpu.kernel_stack = cpu.task_state.stacks[0] = make(KERNEL_STACK_SIZE);
    for (std::size_t i = 0; i < fault_stack_vectors.size(); ++i) {
        cpu.task_state.fault_stacks[i] = make(fault_stack_bytes);
    }
    return complete;
}

}  // namespace arch
