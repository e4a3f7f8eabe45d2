// SPDX-License-Identifier: MIT
// One CPU: its own data, reached through gs, and the switch from thread to thread.
//
// In the kernel gs holds the CPU's Cpu and the user's gs base waits in the other register (swapgs changes them over).
// The kernel runs with interrupts off; only the idle loop in entry.S turns them on. It always leaves through the common
// exit, which runs `current`, or idles if that is null.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <arch/thread_context.hpp>

#include "kernel/arch/x86_64/layout.hpp"
#include "kernel/types.hpp"

namespace arch {

// The task state segment: only its stack pointers matter (Intel SDM vol. 3, 8.7).
struct [[gnu::packed]] TaskState {
    std::uint32_t reserved0 = 0;
    std::array<std::uint64_t, 3> stacks{};  // [0]: the stack on entry from user mode
    std::uint64_t reserved1 = 0;
    std::array<std::uint64_t, 7> fault_stacks{};  // IST 1 to 7
    std::uint64_t reserved2 = 0;
    std::uint16_t reserved3 = 0;
    std::uint16_t io_map_base =
        sizeof(TaskState);  // beyond the limit: no port is open to user mode
};
static_assert(sizeof(TaskState) == 104);

struct Cpu {
    Cpu* self = nullptr;
    ThreadContext* current = nullptr;    // runs when the kernel is left; null: idle
    std::uint64_t kernel_stack = 0;      // its top
    std::uint64_t user_stack = 0;        // scratch of the system-call entry
    ThreadContext* fpu_owner = nullptr;  // whose values the FPU registers hold
    bool fpu_traps = true;               // what CR0.TS is
    std::uint32_t id = 0;
    std::uint64_t root = 0;         // what CR3 is
    void* portable = nullptr;       // the scheduler's state of this CPU
    std::uint32_t hardware_id = 0;  // the local APIC's

    alignas(128) std::array<std::uint64_t, 8> gdt{};
    TaskState task_state;
};
static_assert(offsetof(Cpu, current) == CPU_CURRENT);
static_assert(offsetof(Cpu, kernel_stack) == CPU_KERNEL_STACK);
static_assert(offsetof(Cpu, user_stack) == CPU_USER_STACK);
static_assert(offsetof(Cpu, gdt) == CPU_GDT);

inline Cpu& this_cpu() {
    Cpu* cpu = nullptr;
    // Not volatile: the kernel is not moved between CPUs during a visit.
    asm("mov %%gs:0, %0" : "=r"(cpu));
    return *cpu;
}

// The same by one instruction each, for single fields of it.
using LocalCpu = Cpu __attribute__((address_space(256)));
inline ThreadContext* current() { return static_cast<LocalCpu*>(nullptr)->current; }
inline void set_current(ThreadContext* context) {
    static_cast<LocalCpu*>(nullptr)->current = context;
}

// The address space that holds only the kernel: for idling, and after the current one was destroyed.
PhysAddr kernel_root();

inline void activate(PhysAddr root) {
    if (static_cast<LocalCpu*>(nullptr)->root != root.value()) {
        static_cast<LocalCpu*>(nullptr)->root = root.value();
        asm volatile("mov %0, %%cr3" : : "r"(root.value()) : "memory");
    }
}
inline bool is_active(PhysAddr root) {
    return static_cast<LocalCpu*>(nullptr)->root == root.value();
}

inline bool is_active_on(const Cpu& cpu, PhysAddr root) { return cpu.root == root.value(); }

// Between two looks at what another CPU is to change.
inline void relax() { asm volatile("pause" : : : "memory"); }

// Lets interrupts come that are pending. If there is one, this does not return: the kernel is entered anew, with an empty stack.
inline void take_interrupts() { asm volatile("sti; nop; cli" : : : "memory"); }

// Drops all cached translations of user pages, or that of one.
inline void flush_user() { asm volatile("mov %0, %%cr3" : : "r"(this_cpu().root) : "memory"); }
inline void invalidate_page(UserAddr address) {
    asm volatile("invlpg (%0)" : : "r"(address.value()) : "memory");
}

// Brings the saved fs base of the thread that is on the CPU up to date.
inline void save_bases(ThreadContext& context) {
    asm volatile("rdfsbase %0" : "=r"(context.registers.fs_base));
}

inline void set_fpu_trap(Cpu& cpu, bool trap) {
    if (cpu.fpu_traps == trap) {
        return;
    }
    cpu.fpu_traps = trap;
    if (trap) {
        std::uint64_t cr0 = 0;
        asm volatile("mov %%cr0, %0; or $8, %0; mov %0, %%cr0" : "=&r"(cr0));
    } else {
        asm volatile("clts");
    }
}

// The FPU is for the thread that is to run now (fpu.hpp).
void fpu_switch(ThreadContext& to);

// From a thread to another, all but what lies in general registers and gs: the way out loads those (fast_calls.cpp).
inline void switch_bases(ThreadContext& from, ThreadContext& to) {
    save_bases(from);
    asm volatile("wrfsbase %0" : : "r"(to.registers.fs_base));
    set_current(&to);
    activate(to.root);
    if (from.fpu_loaded || to.fpu != nullptr) [[unlikely]] {
        fpu_switch(to);
    }
}

// Takes `from` off this CPU (null: there was none, it is dying, or it has been put down already) and puts `to` there.
[[gnu::always_inline]] inline void switch_to(ThreadContext* from, ThreadContext& to) {
    if (from != nullptr) {
        save_bases(*from);
    }
    set_current(&to);
    activate(to.root);
    asm volatile("wrfsbase %0; swapgs; wrgsbase %1; swapgs"
                 :
                 : "r"(to.registers.fs_base), "r"(to.registers.gs_base)
                 : "memory");
    if (from == nullptr || from->fpu_loaded || to.fpu != nullptr) [[unlikely]] {
        fpu_switch(to);
    }
}

// The same; `to` null: idle.
inline void switch_thread(ThreadContext* from, ThreadContext* to) {
    if (to != nullptr) {
        switch_to(from, *to);
        return;
    }
    if (from != nullptr) {
        save_bases(*from);
    }
    set_current(nullptr);
    activate(kernel_root());
}

// Leaves the kernel without returning to the entry code: forgets the kernel stack, runs `current` or idles.
extern "C" [[noreturn]] void arch_exit_kernel();
[[noreturn, gnu::always_inline]] inline void exit_kernel() { arch_exit_kernel(); }

inline std::uint64_t read_tsc() {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return std::uint64_t{high} << 32 | low;
}

// The hardware's number for this CPU, asked of the CPU itself: in a panic gs may be wrong, and the local APIC not be mapped yet.
std::uint32_t number_in_a_panic();

// On this CPU: `syscall` enters where every call is noted (kernel/trace), or where it is done fast.
void trace_system_calls(bool on);

// Stops with a sentence on the console if this CPU lacks something that the kernel cannot do without.
void require_cpu_features();
// Sets up the CPU that runs this, whose stacks are there: control registers, segments, traps, system calls, FPU.
void initialise_cpu(Cpu& cpu, PhysAddr root);

}  // namespace arch
