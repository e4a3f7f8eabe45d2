// SPDX-License-Identifier: MIT
// What the boot code found out, in one form for every way to boot (PVH, multiboot2).
//
// Everything is copied: the loader's own structures are free memory by the time kernel_main runs.
//   ram    what the firmware calls usable, page aligned, ascending, merged; all of it is in the kernel window
//   free   the part of it that nobody uses: without page 0, the kernel, the archive and the kernel's page tables.
//          The memory manager owns these from its initialisation on, and nobody else allocates after that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "abi/kernel/boot_info.hpp"
#include "kernel/types.hpp"
#include "libs/base/fixed_vector.hpp"

struct PhysRange {
    PhysAddr begin;
    PhysAddr end;

    [[nodiscard]] std::uint64_t bytes() const { return end - begin; }
};

struct BootParameters {
    static constexpr std::size_t max_ranges = 64;

    base::FixedVector<PhysRange, max_ranges> ram;
    std::uint64_t ram_left_out;  // bytes: too high up, or in more pieces than there is room for
    base::FixedVector<PhysRange, max_ranges> free;
    PhysRange archive;   // empty if none was loaded; not page aligned at its end
    PhysAddr boot_page;  // below 1 MiB, for the other CPUs to start in; 0 if there is none
    PhysAddr acpi_root;  // see abi::BootInfo
    abi::BootInfo::Framebuffer framebuffer;
    std::uint64_t entry_tsc;
    std::array<char, sizeof(abi::BootInfo::command_line)> command_line;  // zero-terminated

    [[nodiscard]] std::uint64_t ram_bytes() const {
        std::uint64_t sum = 0;
        for (const PhysRange& range : ram) {
            sum += range.bytes();
        }
        return sum;
    }
};

// The portable kernel begins here, on the boot CPU's stack, in the final address space.
extern "C" [[noreturn]] void kernel_main(const BootParameters& parameters);
