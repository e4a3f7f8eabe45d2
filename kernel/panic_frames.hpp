// SPDX-License-Identifier: MIT
// Where a panic came from: between panic.cpp and the architecture.
#pragma once

#include <cstdint>
#include <string_view>

namespace arch {
struct KernelTrapFrame;
void print_registers(const KernelTrapFrame& frame);
// Prints the chain of callers, innermost first, from this frame pointer on.
void print_backtrace(std::uint64_t frame_pointer);
}  // namespace arch

[[noreturn]] void kernel_panic_trap(const arch::KernelTrapFrame& frame);

struct Symbol {
    std::string_view name;  // empty: not in the kernel's text
    std::uint64_t offset;
};
Symbol find_symbol(std::uint64_t address);
