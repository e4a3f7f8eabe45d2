// SPDX-License-Identifier: MIT
// Numbers that assembly and C++ must agree on: only macros here. thread_state.hpp asserts that the
// structures really look like this.
#pragma once

// abi::ControlPage
#define CONTROL_UPCALLS_MASKED 16
#define CONTROL_INTERRUPT_PENDING 24
#define CONTROL_SAVED_RIP 32
#define CONTROL_SAVED_RFLAGS 40
#define CONTROL_SAVED 128

// abi::Registers
#define REGISTER_RAX 0
#define REGISTER_RBX 8
#define REGISTER_RCX 16
#define REGISTER_RDX 24
#define REGISTER_RSI 32
#define REGISTER_RDI 40
#define REGISTER_RBP 48
#define REGISTER_RSP 56
#define REGISTER_R8 64
#define REGISTER_R9 72
#define REGISTER_R10 80
#define REGISTER_R11 88
#define REGISTER_R12 96
#define REGISTER_R13 104
#define REGISTER_R14 112
#define REGISTER_R15 120
#define REGISTER_RIP 128
#define REGISTER_RFLAGS 136
#define REGISTERS_BYTES 160

// The thread's own page, by gs: ipc::ThreadArea::control, then linux::ThreadState.
#define THREAD_CONTROL 288
#define THREAD_LIBRARY_STACK 352
#define THREAD_USER_STACK 360
#define THREAD_RESUME 368
#define RESUME_RFLAGS 0
#define RESUME_RSP 8
#define RESUME_RIP 16

// The dispatch table.
#define TABLE_ENTRY_SHIFT 5
#define SYSTEM_CALL_COUNT 451
#define RESTART_CALL -512

#define MASKED_LIBRARY 1
#define MASKED_EXCEPTION 2
