// SPDX-License-Identifier: MIT
// What a handler of a system call is given: the registers with which the program made the call.
//
// The entry code saves the general registers in this layout on the library's stack. rip, rsp and
// rflags are not in it: they stay in the control page (entry/context.hpp joins both when somebody
// needs all).
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/kernel/message.hpp"

namespace linux {

struct Arguments {
    abi::Registers registers;

    // Linux's order: rdi rsi rdx r10 r8 r9.
    [[gnu::always_inline]] constexpr std::uint64_t operator[](std::size_t i) const {
        switch (i) {
            case 0:  return registers.rdi;
            case 1:  return registers.rsi;
            case 2:  return registers.rdx;
            case 3:  return registers.r10;
            case 4:  return registers.r8;
            default: return registers.r9;
        }
    }
    // An argument of 32 bits: the upper half of the register has no meaning.
    [[gnu::always_inline]] constexpr std::int32_t integer(std::size_t i) const {
        return static_cast<std::int32_t>((*this)[i]);
    }
    [[gnu::always_inline]] constexpr std::uint32_t word(std::size_t i) const {
        return static_cast<std::uint32_t>((*this)[i]);
    }
    [[nodiscard]] constexpr std::uint64_t number() const { return registers.rax; }
};

// Returns what goes into rax: the result, or a negated errno, or `restart` (signal/interruption.hpp).
using Handler = std::int64_t (*)(const Arguments&);

}  // namespace linux
