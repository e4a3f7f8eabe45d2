// SPDX-License-Identifier: MIT
// The boot CPU's stacks. Below each lies a page that is not mapped: an overflow faults instead of writing elsewhere.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/arch/x86_64/layout.hpp"

extern "C" std::byte boot_stack_guard[], boot_stack_top[];  // boot.S

namespace arch {

// Traps that can come when the stack pointer or gs is not to be trusted have a stack of their own (IST index + 1).
enum FaultStack : std::size_t {
    fault_stack_debug,
    fault_stack_nmi,
    fault_stack_double,
    fault_stack_machine,
    fault_stacks
};

// Addresses of all guard pages, and the top of each fault stack.
std::array<std::uint64_t, 1 + fault_stacks> stack_guards();
std::uint64_t fault_stack_top(FaultStack which);

}  // namespace arch
