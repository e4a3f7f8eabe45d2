// SPDX-License-Identifier: MIT
#include "kernel/plat/platform.hpp"

#include <arch/window.hpp>

#include "kernel/arch/x86_64/traps.hpp"
#include "kernel/plat/pc/acpi.hpp"
#include "kernel/plat/pc/clock.hpp"
#include "kernel/plat/pc/io_apic.hpp"
#include "kernel/plat/pc/local_apic.hpp"
#include "kernel/print.hpp"

namespace plat {

namespace {

constinit InterruptTopology topology{};

const std::byte* view_below_4_gib(PhysAddr begin, std::uint64_t bytes) {
    constexpr PhysAddr end{std::uint64_t{4} << 30};
    return begin + bytes <= end ? static_cast<const std::byte*>(arch::window(begin)) : nullptr;
}

}  // namespace

void read_firmware_tables(PhysAddr root) {
    topology = read_interrupt_topology(root, view_below_4_gib);
}

void initialise(const BootParameters& parameters) {
    if (topology.damaged) {
        kernel_print("ACPI: the tables are damaged: one CPU, and interrupts as on an old PC\n");
    }
    if (topology.cpus_left_out != 0) {
        kernel_print("CPUs: ", topology.cpus_left_out, " more than the kernel can use\n");
    }
    local_apic_map();
    local_apic_enable();
    if (topology.cpus.empty()) {
        topology.cpus.push_back(this_cpu_id());
    }
    io_apics_enable(topology);
    clock_initialise(parameters.entry_tsc);
}

void initialise_this_cpu() {
    local_apic_enable();
    timer_initialise_here();
}

std::span<const std::uint32_t> listed_cpus() {
    return {topology.cpus.begin(), topology.cpus.size()};
}

void nap() {
    local_apic_set_priority(vector_wake - 1);
    const bool woken = arch_nap() == vector_wake;
    local_apic_set_priority(0);
    if (woken) {
        acknowledge_interrupt();
    }
}

void power_off_or_halt() {
    for (;;) {
        asm volatile("cli; hlt");
    }
}

}  // namespace plat
