// SPDX-License-Identifier: MIT
// Delivering signals: what happens to the program's registers before it goes on.
#pragma once

#include "abi/kernel/message.hpp"
#include "linux/signal/fault.hpp"

namespace linux::signals {

// Where the program was when signals were looked at.
enum class After : std::uint8_t {
    program,           // anywhere, or at the end of a system call with its result in rax
    interrupted_call,  // a call that answered `restart`; rax still holds its number
};

// Delivers what is pending, goes on in the program.
[[noreturn]] void deliver_and_resume(abi::Registers& registers, After after);

// The same for a signal that the program's own instruction caused.
[[noreturn]] void deliver_fault(const abi::Registers& registers, const Fault& fault);

// rt_sigreturn: the registers, mask and FPU state from the frame at the program's stack pointer.
[[noreturn]] void return_from_handler(const abi::Registers& registers);

}  // namespace linux::signals
