// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace plat {

// After the local APIC was enabled. The clock's zero is the kernel's first instruction.
void clock_initialise(std::uint64_t entry_tsc);

}  // namespace plat
