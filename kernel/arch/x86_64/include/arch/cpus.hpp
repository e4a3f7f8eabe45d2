// SPDX-License-Identifier: MIT
// All CPUs: the boot CPU, which is number 0, and those that came up when it called them.
#pragma once

#include <cstddef>

#include <arch/cpu.hpp>

namespace arch {

inline constexpr std::size_t most_cpus = 64;

// How many run the kernel. Constant after start_other_cpus.
std::size_t cpu_count();
Cpu& cpu(std::size_t index);

// Calls every CPU that the firmware lists, one after the other, and waits for each; says on the console which of them did not
// come. Needs the frame pool. `enter` is what each of them runs, on its own stack, ready in every respect but the scheduler.
using CpuEntry = void (*)();
void start_other_cpus(PhysAddr boot_page, CpuEntry enter);

}  // namespace arch
