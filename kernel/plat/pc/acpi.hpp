// SPDX-License-Identifier: MIT
// As much of ACPI as interrupt routing needs: the MADT (ACPI 6.5, 5.2.12). The rest is for user-mode drivers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/types.hpp"

namespace plat {

struct IoApicEntry {
    PhysAddr address;
    std::uint32_t first_gsi;
};

// A legacy line that is not where, or not what, the ISA bus would have it.
struct LineOverride {
    std::uint8_t source;
    std::uint32_t gsi;
    bool level;
    bool active_low;
};

struct InterruptTopology {
    PhysAddr local_apic{0xfee00000};
    std::array<IoApicEntry, 8> io_apics{};
    std::size_t io_apic_count = 0;
    std::array<LineOverride, 16> overrides{};
    std::size_t override_count = 0;
};

// Without ACPI tables: one I/O APIC at its usual place.
InterruptTopology read_interrupt_topology(PhysAddr rsdp);

}  // namespace plat
