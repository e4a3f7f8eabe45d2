// SPDX-License-Identifier: MIT
// The kernel half of every address space: built once at boot, then fixed.
#pragma once

#include "kernel/arch/x86_64/boot_memory.hpp"

namespace arch {

struct Cpu;

// Builds the kernel window, the image with W^X, the stacks of the boot CPU, and an empty device area; returns the root.
PhysAddr build_kernel_space(const BootParameters& parameters, BootMemory& memory, Cpu& boot_cpu);

// Makes the page of a device's registers that this address is in reachable for ever, uncached; -> where they are. There are
// few such devices, and room for them.
volatile std::uint32_t* map_registers(PhysAddr address);

// Maps a frame of the frame pool, writable, for ever; false if that has none left.
bool map_new_page(std::uint64_t address);

}  // namespace arch
