// SPDX-License-Identifier: MIT
// The kernel half of every address space: built once at boot, then fixed.
#pragma once

#include "kernel/arch/x86_64/boot_memory.hpp"

namespace arch {

// Builds the kernel window, the image with W^X and guard pages, and an empty device area; returns the root.
PhysAddr build_kernel_space(const BootParameters& parameters, BootMemory& memory);

enum class DeviceMapping {
    registers,
    firmware_tables
};  // uncached and writable; cached and read-only

// Makes [begin, begin + bytes) reachable for ever; nullptr if the device area is full. Works without the memory manager.
void* map_device(PhysAddr begin, std::uint64_t bytes, DeviceMapping mapping);

// Maps a frame, writable, for ever. Needs the frame pool, for tables; false if that has none left.
bool map_kernel_page(std::uint64_t address, PhysAddr frame);

}  // namespace arch
