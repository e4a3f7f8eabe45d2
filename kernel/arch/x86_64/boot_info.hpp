// SPDX-License-Identifier: MIT
// Reading what a loader left. Both readers fill BootParameters and list RAM; neither keeps a pointer into it.
#pragma once

#include "kernel/arch/x86_64/boot_memory.hpp"

namespace arch {

// Physical address of Xen's hvm_start_info, or of the multiboot2 information; below 4 GiB.
void read_pvh_info(PhysAddr info, BootParameters& parameters, BootMemory& memory);
void read_multiboot_info(PhysAddr info, BootParameters& parameters, BootMemory& memory);

// Both list memory alike.
inline constexpr std::uint32_t memory_type_ram = 1;
struct MemoryMapEntry {
    std::uint64_t address;
    std::uint64_t bytes;
    std::uint32_t type;
    std::uint32_t reserved;
};

void copy_command_line(const char* text, BootParameters& parameters);

}  // namespace arch
