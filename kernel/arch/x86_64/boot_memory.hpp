// SPDX-License-Identifier: MIT
// Physical memory until the memory manager takes over: the ranges of BootParameters, and frames for the kernel's tables.
//
// Order of use: add_ram for what the firmware lists, in any order and overlapping as firmware does; finish_ram once;
// reserve for what is in use; then allocate_frame, which takes from `free` what it gives out.
#pragma once

#include "kernel/boot_parameters.hpp"

namespace arch {

class BootMemory {
public:
    explicit BootMemory(BootParameters& parameters) : parameters_(parameters) {}

    // Partial pages at the ends, what lies above 1 TiB and ranges beyond the table's size are not used: `ram_left_out` counts them.
    void add_ram(std::uint64_t begin, std::uint64_t bytes);
    void finish_ram();
    // Takes every page that [begin, end) touches out of `free`.
    void reserve(PhysAddr begin, PhysAddr end);
    // A zeroed frame below 4 GiB. There is no way to go on without one: stops the machine with a sentence.
    PhysAddr allocate_frame();
    // A frame below 1 MiB, where a CPU can start; 0 if there is none.
    PhysAddr allocate_low_frame();

private:
    void split(std::size_t index, PhysAddr begin, PhysAddr end);

    BootParameters& parameters_;
};

}  // namespace arch
