// SPDX-License-Identifier: MIT
// Numbers that assembly and C++ must agree on. Included by both: only macros here. thread_context.hpp and cpu.hpp assert
// that the structures really look like this.
#pragma once

// The registers at the beginning of ThreadContext, in the order of abi::Registers, eight bytes each.
#define CONTEXT_REGISTERS(each)                                                              \
    each(rax) each(rbx) each(rcx) each(rdx) each(rsi) each(rdi) each(rbp) each(rsp) each(r8) \
        each(r9) each(r10) each(r11) each(r12) each(r13) each(r14) each(r15) each(rip)       \
            each(rflags) each(fs_base) each(gs_base)
// The rest of it.
#define CONTEXT_SYSTEM_CALL_ENTRY 160
#define CONTEXT_CONTROL 184
#define CONTEXT_BY_SYSRET 200

// Cpu
#define CPU_CURRENT 8
#define CPU_KERNEL_STACK 16
#define CPU_USER_STACK 24
#define CPU_GDT 128

// abi::ControlPage
#define CONTROL_UPCALLS_MASKED 16
#define CONTROL_SAVED_RIP 32
#define CONTROL_SAVED_RFLAGS 40

// Segment selectors. `syscall` and `sysret` fix the order of each pair; sysret counts from the one before USER_DATA.
#define SELECTOR_KERNEL_CODE 0x08
#define SELECTOR_KERNEL_DATA 0x10
#define SELECTOR_USER_DATA 0x1b
#define SELECTOR_USER_CODE 0x23
#define SELECTOR_TSS 0x28

// RFLAGS of fresh user code: interrupts on, and bit 1, which is always set.
#define USER_RFLAGS 0x202

#define IMAGE_BEGIN 0xffffffff80000000
#define KERNEL_STACK_SIZE 0x4000
