// SPDX-License-Identifier: MIT
#include "kernel/plat/platform.hpp"

#include "kernel/arch/x86_64/kernel_space.hpp"
#include "kernel/arch/x86_64/traps.hpp"
#include "kernel/plat/pc/acpi.hpp"
#include "kernel/plat/pc/clock.hpp"
#include "kernel/plat/pc/io_apic.hpp"
#include "kernel/plat/pc/local_apic.hpp"
#include "kernel/print.hpp"

namespace plat {

namespace {

constinit std::array<std::uint32_t, most_cpus> cpus{};
constinit std::size_t cpu_count = 0;

const std::byte* map_table(PhysAddr begin, std::uint64_t bytes) {
    return static_cast<const std::byte*>(
        arch::map_device(begin, bytes, arch::DeviceMapping::firmware_tables));
}

void note_cpus(const InterruptTopology& topology) {
    if (topology.damaged) {
        kernel_print("ACPI: the tables are damaged: one CPU, and interrupts as on an old PC\n");
    }
    if (topology.cpus_left_out != 0) {
        kernel_print("CPUs: ", topology.cpus_left_out, " more than the kernel can use\n");
    }
    cpus = topology.cpus;
    cpu_count = topology.cpu_count;
    if (cpu_count == 0) {
        cpus[cpu_count++] = this_cpu_id();
    }
}

}  // namespace

void initialise(const BootParameters& parameters) {
    const InterruptTopology topology = read_interrupt_topology(parameters.rsdp, map_table);
    local_apic_map(topology.local_apic);
    local_apic_enable();
    note_cpus(topology);
    io_apics_enable(topology);
    clock_initialise(parameters.entry_tsc);
}

void initialise_this_cpu() {
    local_apic_enable();
    timer_initialise_here();
}

std::size_t listed_cpus() { return cpu_count; }
std::uint32_t listed_cpu(std::size_t index) { return cpus[index]; }

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
