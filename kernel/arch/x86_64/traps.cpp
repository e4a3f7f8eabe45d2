// SPDX-License-Identifier: MIT
#include "kernel/arch/x86_64/traps.hpp"

#include <algorithm>

#include <arch/cpu.hpp>

#include "kernel/arch/x86_64/registers.hpp"
#include "kernel/panic.hpp"
#include "kernel/panic_frames.hpp"
#include "kernel/plat/platform.hpp"

extern "C" const std::byte arch_trap_stubs[];

namespace arch {

namespace {

constexpr std::size_t stub_bytes = 16;
constexpr std::uint64_t rflags_trap = 0x100;

// An interrupt gate (Intel SDM vol. 3, 6.14.1).
struct Gate {
    std::uint64_t low;
    std::uint64_t high;
};

alignas(4096) constinit std::array<Gate, 256> gates{};

constexpr Gate make_gate(std::uint64_t target, std::uint64_t fault_stack, std::uint64_t privilege) {
    constexpr std::uint64_t interrupt_gate = 0x8e;
    const std::uint64_t low = (target & 0xffff) | std::uint64_t{SELECTOR_KERNEL_CODE} << 16 |
                              fault_stack << 32 | (interrupt_gate | privilege << 5) << 40 |
                              (target >> 16 & 0xffff) << 48;
    return Gate{low, target >> 32};
}

// As a gate has it: which of TaskState::fault_stacks, from 1; 0: none.
std::uint64_t fault_stack_of(std::uint64_t vector) {
    const auto* place = std::ranges::find(fault_stack_vectors, vector);
    return place != fault_stack_vectors.end() ? place - fault_stack_vectors.begin() + 1 : 0;
}

}  // namespace

const char* exception_name(std::uint64_t vector) {
    static constexpr std::array<const char*, 22> names{
        "division",      "debug",      "non-maskable interrupt",
        "breakpoint",    "overflow",   "bound",
        "bad opcode",    "no FPU",     "double fault",
        "FPU segment",   "bad TSS",    "no segment",
        "stack segment", "protection", "page fault",
        "reserved",      "x87",        "alignment",
        "machine check", "SIMD",       "virtualisation",
        "control flow"};
    return vector < names.size() ? names[vector] : "exception";
}

void initialise_traps() {
    const auto stubs = reinterpret_cast<std::uint64_t>(arch_trap_stubs);
    for (std::size_t vector = 0; vector < gates.size(); ++vector) {
        const std::uint64_t privilege = vector == vector_breakpoint ? 3 : 0;
        gates[vector] = make_gate(stubs + vector * stub_bytes, fault_stack_of(vector), privilege);
    }
}

void load_traps() {
    struct [[gnu::packed]] {
        std::uint16_t limit = sizeof(gates) - 1;
        const void* base = gates.data();
    } const pointer;
    asm volatile("lidt %0" : : "m"(pointer));
}

}  // namespace arch

extern "C" void arch_idle_interrupt(std::uint64_t vector) {
    if (vector != plat::vector_spurious) {
        kernel_interrupt(vector);
    }
}

// A trap from user mode; its registers are in the context already.
extern "C" void arch_user_trap(arch::ThreadContext* context, std::uint64_t vector,
                               std::uint64_t error) {
    if (vector >= 32) {
        arch_idle_interrupt(vector);
        return;
    }
    switch (vector) {
        case arch::vector_nmi: return;
        case arch::vector_double_fault:
        case arch::vector_machine_check:
            kernel_panic(arch::exception_name(vector), " in user mode, rip ",
                         hex(context->registers.rip), "\n");
        default: break;
    }
    const std::uint64_t address = vector == arch::vector_page_fault ? arch::read_control<2>() : 0;
    kernel_user_exception(context, vector, error, address);
}

// A trap in the kernel. Only an NMI, and the debug trap of a user who single-steps into `syscall`, are not our fault.
extern "C" void arch_kernel_trap(arch::KernelTrapFrame* frame) {
    if (frame->vector == arch::vector_nmi) {
        return;
    }
    if (frame->vector == arch::vector_debug) {
        frame->rflags &= ~arch::rflags_trap;
        return;
    }
    kernel_panic_trap(*frame);
}
