// SPDX-License-Identifier: MIT
// The kernel half of every address space: built once at boot, then fixed.
#pragma once

#include "kernel/arch/x86_64/boot_memory.hpp"

namespace arch {

// Builds the kernel window, the image with W^X and guard pages, and an empty device area; returns the root.
PhysAddr build_kernel_space(const BootParameters& parameters, BootMemory& memory);

// Makes the page of a device's registers that this address is in reachable for ever, uncached; -> where they are. There are
// few such devices, and room for them.
volatile std::uint32_t* map_registers(PhysAddr address);

// Maps a frame, writable, for ever. Needs the frame pool, for tables; false if that has none left.
bool map_kernel_page(std::uint64_t address, PhysAddr frame);

}  // namespace arch
