// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace plat {

// After the local APIC was enabled. The clock's zero is the kernel's first instruction.
void clock_initialise(std::uint64_t entry_tsc);
// The timer of a further CPU. The time-stamp counters of all are taken to be one clock.
void timer_initialise_here();

}  // namespace plat
