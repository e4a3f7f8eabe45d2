// SPDX-License-Identifier: MIT
// The simulated machine has one CPU.
#pragma once

#include <cstddef>

#include <arch/cpu.hpp>

namespace arch {

inline constexpr std::size_t most_cpus = 1;

inline std::size_t cpu_count() { return 1; }
inline Cpu& cpu(std::size_t) { return this_cpu(); }

using CpuEntry = void (*)();
inline void start_other_cpus(PhysAddr, CpuEntry) {}

}  // namespace arch
