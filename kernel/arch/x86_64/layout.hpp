// SPDX-License-Identifier: MIT
// Numbers that assembly and C++ must agree on. Included by both: only macros here. thread_context.hpp and cpu.hpp assert
// that the structures really look like this.
#pragma once

// ThreadContext
#define CONTEXT_RAX 0
#define CONTEXT_RBX 8
#define CONTEXT_RCX 16
#define CONTEXT_RDX 24
#define CONTEXT_RSI 32
#define CONTEXT_RDI 40
#define CONTEXT_RBP 48
#define CONTEXT_RSP 56
#define CONTEXT_R8 64
#define CONTEXT_R9 72
#define CONTEXT_R10 80
#define CONTEXT_R11 88
#define CONTEXT_R12 96
#define CONTEXT_R13 104
#define CONTEXT_R14 112
#define CONTEXT_R15 120
#define CONTEXT_RIP 128
#define CONTEXT_RFLAGS 136
#define CONTEXT_GS_BASE 152
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
