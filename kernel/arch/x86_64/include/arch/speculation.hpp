// SPDX-License-Identifier: MIT
// What is done against leaks by speculative execution.
//
//   Spectre 1   clamp_index where user code chooses an index; lfence after swapgs (entry.S)
//   Spectre 2   enhanced or automatic IBRS and STIBP, where the CPU has them (speculation_choice.hpp says what is not used)
//   MDS, TAA    the CPU's buffers are cleared on the way to user mode (verw), on CPUs that need it and can
//   L1TF        entries that are not present hold no address
//   Meltdown    not handled: such CPUs are named at boot
#pragma once

#include <cstdint>

namespace arch {

// `index` if it is below `count`, else 0, and so too if the CPU has guessed that it is below.
inline std::uint64_t clamp_index(std::uint64_t index, std::uint64_t count) {
    std::uint64_t mask = 0;
    asm("cmp %2, %1\n\tsbb %0, %0" : "=r"(mask) : "r"(index), "r"(count) : "cc");
    return index & mask;
}

// Chooses what this CPU needs. While the boot page tables still allow writing to the kernel's text.
void prepare_speculation_controls();
// Per CPU.
void enable_speculation_controls();
// For the log: what is on, and what this CPU leaves open.
void print_protection();

}  // namespace arch
