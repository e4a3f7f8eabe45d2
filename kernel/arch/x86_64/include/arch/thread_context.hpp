// SPDX-License-Identifier: MIT
// ThreadContext: what a thread is to the CPU. The first member of the kernel's Thread; entry.S saves into it.
//
// A thread that does not run is nothing but this: the kernel stack does not outlive a visit to the kernel. While a thread
// runs in user mode its true registers are the CPU's; fs_base is the CPU's until switch_thread takes the thread off it
// (save_bases brings it up to date earlier). gs_base is what start or set_registers made it: user code that changes its gs
// loses the change when it is next switched to. A thread that waits on the fast path (fast_calls.cpp) has left its words
// where they were; the answer brings new ones. The message travels in the registers that
// abi/kernel/message.hpp lists; the accessors here give them their names.
#pragma once

#include <cstddef>
#include <cstdint>

#include <arch/window.hpp>

#include "abi/kernel/error.hpp"
#include "abi/kernel/message.hpp"
#include "kernel/arch/x86_64/layout.hpp"

namespace arch {

constexpr bool is_canonical(std::uint64_t address) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(address << 16) >> 16) == address;
}

struct ThreadContext {
    abi::Registers registers{};

    // Upcall entries in user space (Thread.set_upcalls), 0 if there is none.
    std::uint64_t system_call_entry = 0;
    std::uint64_t exception_entry = 0;
    std::uint64_t interrupt_entry = 0;

    abi::ControlPage* control = nullptr;  // in the kernel window
    void* fpu = nullptr;  // its FPU area, or null: a thread that may not use the FPU

    // Entered by `syscall` with a native number: rcx, r11 and the flags hold nothing, so the faster way back may be taken.
    bool return_by_sysret = false;
    bool fpu_loaded = false;  // the FPU registers of a CPU hold its values

    PhysAddr root{};  // of its address space

    static constexpr std::uint64_t abi::Registers::* words[abi::message_words] = {
        &abi::Registers::rdx, &abi::Registers::r10, &abi::Registers::r8,
        &abi::Registers::r9,  &abi::Registers::r12, &abi::Registers::r13};
    [[nodiscard]] std::uint64_t& word(std::size_t index) { return registers.*words[index]; }
    void copy_words_to(ThreadContext& to) const {
        for (const auto word : words) {
            to.registers.*word = registers.*word;
        }
    }
    [[nodiscard]] std::uint64_t number_of_call() const { return registers.rax; }
    [[nodiscard]] abi::Tag tag() const { return abi::Tag{registers.rsi}; }
    void set_tag(abi::Tag tag) { registers.rsi = tag.raw; }
    [[nodiscard]] std::uint64_t cap() const { return registers.rdi; }
    void set_badge(std::uint64_t badge) { registers.rdi = badge; }
    [[nodiscard]] std::uint64_t deadline() const { return registers.r14; }
    void set_result(abi::Error error) { registers.rax = static_cast<std::uint64_t>(error); }

    // Takes over registers that user code chose. False, and nothing changed, if the CPU could not run with them.
    [[nodiscard]] bool load(const abi::Registers& from) {
        if (from.rip >= user_end || !is_canonical(from.rsp) || from.fs_base >= user_end ||
            from.gs_base >= user_end) {
            return false;
        }
        registers = from;
        registers.rflags = (from.rflags & user_rflags_mask) | USER_RFLAGS;
        return_by_sysret = false;
        return true;
    }
    void store(abi::Registers& to) const {
        to = registers;
        if (return_by_sysret) {
            to.rflags = USER_RFLAGS;
        }
    }

    // CF PF AF ZF SF TF DF OF ID: what user code may set by itself. AC, which it may too, has no effect in user mode (CR0.AM
    // is clear), and would turn SMAP off in a kernel that forgot to clear it.
    static constexpr std::uint64_t user_rflags_mask = 0x200dd5;
};

static_assert(offsetof(ThreadContext, registers) == 0);
#define NUMBER(name) number_##name,
enum RegisterNumber : std::size_t { CONTEXT_REGISTERS(NUMBER) };
#define IS_THERE(name) static_assert(offsetof(abi::Registers, name) == 8 * number_##name);
CONTEXT_REGISTERS(IS_THERE)
#undef NUMBER
#undef IS_THERE
static_assert(offsetof(ThreadContext, system_call_entry) == CONTEXT_SYSTEM_CALL_ENTRY);
static_assert(offsetof(ThreadContext, control) == CONTEXT_CONTROL);
static_assert(offsetof(ThreadContext, return_by_sysret) == CONTEXT_BY_SYSRET);
static_assert(offsetof(abi::ControlPage, upcalls_masked) == CONTROL_UPCALLS_MASKED);
static_assert(offsetof(abi::ControlPage, saved_rip) == CONTROL_SAVED_RIP);
static_assert(offsetof(abi::ControlPage, saved_rflags) == CONTROL_SAVED_RFLAGS);

}  // namespace arch
