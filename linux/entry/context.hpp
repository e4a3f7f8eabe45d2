// SPDX-License-Identifier: MIT
// The program's registers, and the way back to it.
#pragma once

#include "abi/kernel/message.hpp"
#include "linux/syscalls/arguments.hpp"

namespace linux {

// All registers of the program at the system call that is being handled, as they would be after the
// `syscall` instruction (rax still the number).
abi::Registers program_registers(const Arguments& arguments);

// Goes on in the program with exactly these registers (but fs and gs, which it keeps). The library
// stack is given up.
[[noreturn]] void resume(const abi::Registers& registers);

}  // namespace linux

// entry.S
extern "C" {
void linux_start();
void linux_system_call();
void linux_exception();
void linux_interrupt();
void linux_thread_start();
void linux_fork_child();
[[noreturn]] void linux_resume(const abi::Registers& registers);
extern const char linux_call_tail[], linux_call_tail_end[];
extern const char linux_vdso[], linux_vdso_end[];  // linux/vdso/image.S
extern const char linux_resume_tail[], linux_resume_tail_end[];
extern const char linux_user_begin[], linux_user_end[], linux_user_recover[];
}
