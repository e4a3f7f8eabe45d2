// SPDX-License-Identifier: MIT
// The library's part of a thread's control page, right after ipc::ThreadArea. Reached through gs,
// so that a system call finds its stack and its thread without a search.
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/linux/syscall_numbers.hpp"
#include "libs/ipc/message_page.hpp"
#include "linux/entry/layout.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/syscalls/table.hpp"

namespace linux {

struct Thread;

// Where the program goes on, for the resume tail of entry.S.
struct ResumeFrame {
    std::uint64_t rflags, rsp, rip;
};

struct ThreadState {
    std::uint64_t library_stack;  // its top; the stack is empty whenever the program runs
    std::uint64_t user_stack;     // the program's rsp during a system call
    ResumeFrame resume;
    Thread* thread;
};

// What the library and its IPC find in a control page by gs.
struct OwnAreas {
    ipc::ThreadArea area;
    ThreadState state;
};
static_assert(offsetof(OwnAreas, state) == ipc::run_time_area_offset - ipc::thread_area_offset);

inline ThreadState& thread_state() {
    return *reinterpret_cast<ThreadState*>(reinterpret_cast<std::byte*>(&ipc::control_page()) +
                                           ipc::run_time_area_offset);
}

inline Thread& this_thread() {
    Thread* thread = nullptr;
    asm("movq %%gs:%c1, %0"
        : "=r"(thread)
        : "i"(ipc::run_time_area_offset + offsetof(ThreadState, thread)));
    return *thread;
}

static_assert(offsetof(abi::ControlPage, upcalls_masked) == CONTROL_UPCALLS_MASKED);
static_assert(offsetof(abi::ControlPage, interrupt_pending) == CONTROL_INTERRUPT_PENDING);
static_assert(offsetof(abi::ControlPage, saved_rip) == CONTROL_SAVED_RIP);
static_assert(offsetof(abi::ControlPage, saved_rflags) == CONTROL_SAVED_RFLAGS);
static_assert(offsetof(abi::ControlPage, saved) == CONTROL_SAVED);
static_assert(offsetof(abi::Registers, r8) == REGISTER_R8);
static_assert(offsetof(abi::Registers, rsp) == REGISTER_RSP);
static_assert(offsetof(abi::Registers, rip) == REGISTER_RIP);
static_assert(sizeof(abi::Registers) == REGISTERS_BYTES && sizeof(Arguments) == REGISTERS_BYTES);
static_assert(ipc::thread_area_offset + offsetof(ipc::ThreadArea, control) == THREAD_CONTROL);
static_assert(ipc::run_time_area_offset + offsetof(ThreadState, library_stack) ==
              THREAD_LIBRARY_STACK);
static_assert(ipc::run_time_area_offset + offsetof(ThreadState, user_stack) == THREAD_USER_STACK);
static_assert(ipc::run_time_area_offset + offsetof(ThreadState, resume) == THREAD_RESUME);
static_assert(offsetof(ResumeFrame, rflags) == RESUME_RFLAGS);
static_assert(offsetof(ResumeFrame, rsp) == RESUME_RSP);
static_assert(offsetof(ResumeFrame, rip) == RESUME_RIP);
static_assert(sizeof(TableEntry) == 1 << TABLE_ENTRY_SHIFT);
static_assert(linux_abi::system_call_count == SYSTEM_CALL_COUNT);
static_assert(restart == RESTART_CALL);
static_assert(abi::masked_library == MASKED_LIBRARY && abi::masked_exception == MASKED_EXCEPTION);

}  // namespace linux
