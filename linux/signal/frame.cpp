// SPDX-License-Identifier: MIT
#include "linux/signal/frame.hpp"

namespace linux::signals {
namespace {

// Linux's own values: programs may look, but what returns to them does not depend on it.
constexpr std::uint16_t user_code = 0x33;
constexpr std::uint16_t user_data = 0x2b;

// Carry, parity, adjust, zero, sign, trap, direction, overflow, resume, alignment check.
constexpr std::uint64_t changeable_flags = 0x50dd5;
constexpr std::uint64_t fixed_flags = 0x202;

}  // namespace

void to_machine_context(linux_abi::MachineContext& machine, const abi::Registers& registers) {
    machine.r8 = registers.r8;
    machine.r9 = registers.r9;
    machine.r10 = registers.r10;
    machine.r11 = registers.r11;
    machine.r12 = registers.r12;
    machine.r13 = registers.r13;
    machine.r14 = registers.r14;
    machine.r15 = registers.r15;
    machine.rdi = registers.rdi;
    machine.rsi = registers.rsi;
    machine.rbp = registers.rbp;
    machine.rbx = registers.rbx;
    machine.rdx = registers.rdx;
    machine.rax = registers.rax;
    machine.rcx = registers.rcx;
    machine.rsp = registers.rsp;
    machine.rip = registers.rip;
    machine.rflags = registers.rflags;
    machine.cs = user_code;
    machine.ss = user_data;
}

void from_machine_context(abi::Registers& registers, const linux_abi::MachineContext& machine) {
    registers.r8 = machine.r8;
    registers.r9 = machine.r9;
    registers.r10 = machine.r10;
    registers.r11 = machine.r11;
    registers.r12 = machine.r12;
    registers.r13 = machine.r13;
    registers.r14 = machine.r14;
    registers.r15 = machine.r15;
    registers.rdi = machine.rdi;
    registers.rsi = machine.rsi;
    registers.rbp = machine.rbp;
    registers.rbx = machine.rbx;
    registers.rdx = machine.rdx;
    registers.rax = machine.rax;
    registers.rcx = machine.rcx;
    registers.rsp = machine.rsp;
    registers.rip = machine.rip;
    registers.rflags = (machine.rflags & changeable_flags) | fixed_flags;
}

}  // namespace linux::signals
