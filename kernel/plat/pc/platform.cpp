// SPDX-License-Identifier: MIT
#include "kernel/plat/platform.hpp"

#include "kernel/plat/pc/acpi.hpp"
#include "kernel/plat/pc/clock.hpp"
#include "kernel/plat/pc/io_apic.hpp"
#include "kernel/plat/pc/local_apic.hpp"

namespace plat {

void initialise(const BootParameters& parameters) {
    const InterruptTopology topology = read_interrupt_topology(parameters.rsdp);
    local_apic_enable(topology.local_apic);
    io_apics_enable(topology);
    clock_initialise(parameters.entry_tsc);
}

void acknowledge_interrupt() { local_apic_end_interrupt(); }

void power_off_or_halt() {
    for (;;) {
        asm volatile("cli; hlt");
    }
}

}  // namespace plat
