// SPDX-License-Identifier: MIT
// The CPUs' stacks. Below each lies a page that is not mapped: an overflow faults instead of writing elsewhere. The boot CPU's
// are part of the image; the others' lie from cpu_stacks_begin on, in a stretch of the same size for each.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/arch/x86_64/layout.hpp"

extern "C" std::byte boot_stack_guard[], boot_stack_top[];  // boot.S

namespace arch {

struct Cpu;

// Traps that can come when the stack pointer or gs is not to be trusted have a stack of their own (IST index + 1).
enum FaultStack : std::size_t {
    fault_stack_debug,
    fault_stack_nmi,
    fault_stack_double,
    fault_stack_machine,
    fault_stacks
};

// The boot CPU's: addresses of all guard pages, and the top of each fault stack.
std::array<std::uint64_t, 1 + fault_stacks> stack_guards();
std::uint64_t fault_stack_top(FaultStack which);

// Is this in the page below one of any CPU's stacks?
bool is_stack_guard(std::uint64_t address);

// Makes the stacks of another CPU, by its `id`, and notes them in it. False: no memory.
bool make_stacks(Cpu& cpu);

}  // namespace arch
