// SPDX-License-Identifier: MIT
// The simulated machine has one CPU, or as many as host::Machine::cpus says before it is booted.
#pragma once

#include <cstddef>

#include <arch/cpu.hpp>

namespace arch {

std::size_t cpu_count();
inline Cpu& cpu(std::size_t index) { return simulated_cpus[index]; }

using CpuEntry = void (*)();
void start_other_cpus(PhysAddr boot_page, CpuEntry enter);

}  // namespace arch
