// SPDX-License-Identifier: MIT
// As much of ACPI as the kernel needs: from the RSDP to the MADT, and what that tells of CPUs and I/O APICs (ACPI 6.5, 5.2.5
// to 5.2.12). The rest is for user-mode drivers.
//
// The tables are the firmware's word and not to be trusted: every length is checked against what can be seen, every table's
// sum must be right, lists are cut at what the kernel has room for, and a table that breaks a rule ends the search. Then the
// machine has one CPU and one I/O APIC at its usual place, and `damaged` says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/types.hpp"
#include "libs/base/fixed_vector.hpp"

namespace plat {

struct IoApicEntry {
    PhysAddr address;
    std::uint32_t first_gsi;
};

inline constexpr std::size_t most_cpus = 64;

struct InterruptTopology {
    base::FixedVector<IoApicEntry, 8> io_apics;
    // The local APICs' ids of the CPUs that can be used, the boot CPU's among them; none without ACPI.
    base::FixedVector<std::uint32_t, most_cpus> cpus;
    std::size_t cpus_left_out = 0;  // there was no room for them
    bool damaged = false;           // a table broke a rule
};

// The root table that an RSDP leads to; 0 if it breaks a rule.
inline constexpr std::size_t rsdp_bytes = 36;
PhysAddr acpi_root(std::span<const std::byte> rsdp);

// Where physical memory can be read: null if it cannot be.
using ViewMemory = const std::byte* (*)(PhysAddr begin, std::uint64_t bytes);

// root 0: there are no tables.
InterruptTopology read_interrupt_topology(PhysAddr root, ViewMemory view);

// The entries of a MADT, given as a whole. False if they break a rule.
bool read_madt(std::span<const std::byte> madt, InterruptTopology& topology);

}  // namespace plat
