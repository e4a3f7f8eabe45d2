// SPDX-License-Identifier: MIT
// As much of ACPI as the kernel needs: from the RSDP to the MADT, and what that tells of CPUs and interrupt routing (ACPI 6.5,
// 5.2.5 to 5.2.12). The rest is for user-mode drivers.
//
// The tables are the firmware's word and not to be trusted: every length is checked against what was mapped, every table's
// sum must be right, lists are cut at what the kernel has room for, and a table that breaks a rule ends the search. Then the
// machine has one CPU and one I/O APIC at its usual place, and `damaged` says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

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

inline constexpr std::size_t most_cpus = 64;

struct InterruptTopology {
    PhysAddr local_apic{0xfee00000};
    std::array<IoApicEntry, 8> io_apics{};
    std::size_t io_apic_count = 0;
    std::array<LineOverride, 16> overrides{};
    std::size_t override_count = 0;
    // The local APICs' ids of the CPUs that can be used, the boot CPU's among them; none without ACPI.
    std::array<std::uint32_t, most_cpus> cpus{};
    std::size_t cpu_count = 0;
    std::size_t cpus_left_out = 0;  // there was no room for them
    bool damaged = false;           // a table broke a rule
};

// Makes physical memory readable: null if it cannot be.
using MapTable = const std::byte* (*)(PhysAddr begin, std::uint64_t bytes);

// rsdp 0: there are no tables.
InterruptTopology read_interrupt_topology(PhysAddr rsdp, MapTable map);

// The entries of a MADT, given as a whole. False if they break a rule.
bool read_madt(std::span<const std::byte> madt, InterruptTopology& topology);

}  // namespace plat
