// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace linux {

// Wakes up to `count` threads that wait on a word of the program.
std::uint64_t futex_wake(std::uint64_t address, std::uint64_t count);

}  // namespace linux
