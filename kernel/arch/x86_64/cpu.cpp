// SPDX-License-Identifier: MIT
// Setting up a CPU: what it must have, what is turned on, its segments and its ways into the kernel.

#include <arch/cpu.hpp>
#include <arch/fpu.hpp>
#include <arch/speculation.hpp>

#include "abi/kernel/syscall.hpp"
#include "kernel/arch/x86_64/registers.hpp"
#include "kernel/arch/x86_64/traps.hpp"
#include "kernel/plat/platform.hpp"
#include "kernel/print.hpp"

extern "C" const std::byte arch_system_call_entry[], arch_traced_system_call_entry[];

// entry.S knows the range of native numbers.
static_assert(abi::native_system_calls == 0x10000000);
static_assert(static_cast<std::uint64_t>(abi::Syscall::reply_and_receive) == 0x10000001);
static_assert(static_cast<std::uint64_t>(abi::Syscall::signal) == 0x10000005);
static_assert(static_cast<std::uint64_t>(abi::Syscall::wait) == 0x10000006);
static_assert(static_cast<std::uint64_t>(abi::Syscall::count_end) == 0x10000008);

namespace arch {

namespace {

constexpr std::uint64_t efer_system_call = 1, efer_no_execute = 1 << 11;

// FPU and vector registers.
constexpr std::uint64_t cr0_monitor_coprocessor = 1 << 1, cr0_emulation = 1 << 2;
constexpr std::uint64_t cr0_task_switched = 1 << 3, cr0_numeric_error = 1 << 5;
constexpr std::uint64_t cr4_fxsave = 1 << 9, cr4_sse_exceptions = 1 << 10, cr4_xsave = 1 << 18;
// Protection, and the rest.
constexpr std::uint64_t cr0_write_protect = 1 << 16, cr0_alignment_mask = 1 << 18;
constexpr std::uint64_t cr4_umip = 1 << 11, cr4_smep = 1 << 20, cr4_smap = 1 << 21;
constexpr std::uint64_t cr4_global_pages = 1 << 7, cr4_fsgsbase = 1 << 16;

// Flags that `syscall` clears: TF IF DF IOPL NT RF AC.
constexpr std::uint64_t system_call_flag_mask = 0x57700;

// Entry 1 is write-combining (its reset value, write-through, has no use), the others as at reset: Entry's memory types.
constexpr std::uint64_t page_attributes = 0x0007'0406'0007'0106;

void require(bool present, std::string_view name) {
    if (!present) {
        kernel_print("CLUU: this CPU has no ", name, ", which CLUU needs.\n");
        plat::power_off_or_halt();
    }
}

// Turns on what protects the kernel from mistakes, wherever the CPU has it.
void enable_protection() {
    const CpuidResult extended = cpuid(7);
    std::uint64_t cr4 = read_control<4>() | cr4_global_pages | cr4_fxsave | cr4_sse_exceptions |
                        cr4_fsgsbase | cr4_xsave;
    cr4 |= (extended.ecx & (1U << 2)) != 0 ? cr4_umip : 0;
    cr4 |= (extended.ebx & (1U << 7)) != 0 ? cr4_smep : 0;
    cr4 |= (extended.ebx & (1U << 20)) != 0 ? cr4_smap : 0;
    write_control<4>(cr4);
    const std::uint64_t cr0 = read_control<0>() & ~(cr0_emulation | cr0_alignment_mask);
    write_control<0>(cr0 | cr0_monitor_coprocessor | cr0_numeric_error | cr0_write_protect |
                     cr0_task_switched);
}

void load_segments(Cpu& cpu) {
    const auto task = reinterpret_cast<std::uint64_t>(&cpu.task_state);
    constexpr std::uint64_t task_limit = sizeof(TaskState) - 1;
    cpu.gdt = {0,
               0x00af'9b00'0000'ffff,  // kernel code
               0x00cf'9300'0000'ffff,  // kernel data
               0x00cf'f300'0000'ffff,  // user data
               0x00af'fb00'0000'ffff,  // user code
               task_limit | (task & 0xff'ffff) << 16 | std::uint64_t{0x89} << 40 |
                   (task >> 24 & 0xff) << 56,
               task >> 32};
    struct [[gnu::packed]] {
        std::uint16_t limit;
        const void* base;
    } const pointer{sizeof(cpu.gdt) - 1, cpu.gdt.data()};
    asm volatile(
        "lgdt %0\n"
        "mov %1, %%ds\n mov %1, %%es\n mov %1, %%ss\n"
        "mov %2, %%fs\n mov %2, %%gs\n"
        "pushq %3\n leaq 1f(%%rip), %%rax\n pushq %%rax\n lretq\n"
        "1: ltr %w4\n"
        :
        : "m"(pointer), "r"(SELECTOR_KERNEL_DATA), "r"(0), "i"(SELECTOR_KERNEL_CODE),
          "r"(SELECTOR_TSS)
        : "rax", "memory");
}

void enable_system_calls() {
    write_msr(Msr::star, std::uint64_t{SELECTOR_KERNEL_CODE} << 32 |
                             std::uint64_t{SELECTOR_USER_DATA - 8} << 48);
    trace_system_calls(false);
    write_msr(Msr::sfmask, system_call_flag_mask);
    write_msr(Msr::efer, read_msr(Msr::efer) | efer_system_call);
}

}  // namespace

void trace_system_calls(bool on) {
    write_msr(Msr::lstar, reinterpret_cast<std::uint64_t>(on ? arch_traced_system_call_entry
                                                             : arch_system_call_entry));
}

std::uint32_t number_in_a_panic() { return cpuid(1).ebx >> 24; }

void require_cpu_features() {
    const std::uint32_t highest = cpuid(0).eax;
    const CpuidResult basic = cpuid(1);
    const CpuidResult extended = cpuid(0x80000001);
    require((extended.edx & (1U << 20)) != 0, "no-execute pages (NX)");
    require((extended.edx & (1U << 11)) != 0, "syscall instruction");
    require((basic.ecx & (1U << 26)) != 0, "extended state saving (XSAVE)");
    require(highest >= 7 && (cpuid(7).ebx & 1) != 0, "FSGSBASE instructions");
    // From here on page tables may say no-execute.
    write_msr(Msr::efer, read_msr(Msr::efer) | efer_no_execute);
}

void initialise_cpu(Cpu& cpu, PhysAddr root) {
    asm volatile("mov %0, %%cr3" : : "r"(root.value()) : "memory");
    cpu.self = &cpu;
    cpu.root = root.value();
    enable_protection();
    load_segments(cpu);
    asm volatile("wrgsbase %0" : : "r"(&cpu));
    write_msr(Msr::kernel_gs_base, 0);
    write_msr(Msr::pat, page_attributes);
    if ((cpuid(0x80000001).edx & (1U << 27)) != 0) {
        write_msr(Msr::tsc_aux, cpu.id);  // `rdtscp` tells user code which CPU it is on
    }
    load_traps();
    enable_system_calls();
    fpu_enable();
    enable_speculation_controls();
}

}  // namespace arch
