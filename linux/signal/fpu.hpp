// SPDX-License-Identifier: MIT
// The program's FPU and vector registers in a signal frame. The library itself uses none, so they
// are the program's as they stand whenever it is asked.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linux/syscalls/errno_map.hpp"

namespace linux::signals {

// Bytes that save_fpu writes.
std::size_t fpu_state_bytes();
// `to` is 64-byte aligned, in the program's memory.
Result<void> save_fpu(std::uint64_t to);
Result<void> load_fpu(std::uint64_t from);
// The registers of a fresh program.
void reset_fpu();

}  // namespace linux::signals
