// SPDX-License-Identifier: MIT
// Exceptions and interrupts, on the C++ side of entry.S.
#pragma once

#include <array>
#include <cstdint>

#include <arch/thread_context.hpp>

namespace arch {

enum Vector : std::uint8_t {
    vector_debug = 1,
    vector_nmi = 2,
    vector_breakpoint = 3,
    vector_double_fault = 8,
    vector_page_fault = 14,
    vector_machine_check = 18,
};

// Those that can come when the stack pointer or gs is not to be trusted have a stack of their own each.
inline constexpr std::array<std::uint64_t, 4> fault_stack_vectors{
    vector_debug, vector_nmi, vector_double_fault, vector_machine_check};

// As entry.S pushes it for a trap that comes in the kernel.
struct KernelTrapFrame {
    std::uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    std::uint64_t vector, error;
    std::uint64_t rip, cs, rflags, rsp, ss;
};

const char* exception_name(std::uint64_t vector);

// Fills the interrupt descriptor table, which is the same for all CPUs.
void initialise_traps();
// Each CPU.
void load_traps();

}  // namespace arch

// In entry.S. Sleeps until an interrupt comes, which stays in service, and returns its vector; 0 after an NMI.
extern "C" std::uint64_t arch_nap();

// The portable kernel's handlers (kernel/syscall, kernel/object). They may change this_cpu().current; all run with
// interrupts off on the empty kernel stack, and leave by returning or by exit_kernel(). The fast calls go another way
// (fast_calls.cpp).
extern "C" {
void kernel_system_call(arch::ThreadContext* context);
void kernel_user_exception(arch::ThreadContext* context, std::uint64_t vector,
                           std::uint64_t error_code, std::uint64_t fault_address);
void kernel_interrupt(std::uint64_t vector);
}
