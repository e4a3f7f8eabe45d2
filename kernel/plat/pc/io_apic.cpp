// SPDX-License-Identifier: MIT
// I/O APICs: from a device's line to a vector (Intel 82093AA data sheet). And the two old controllers, silenced.
#include "kernel/plat/pc/io_apic.hpp"

#include <arch/ports.hpp>

#include "kernel/arch/x86_64/kernel_space.hpp"
#include "kernel/assert.hpp"
#include "kernel/plat/platform.hpp"

namespace plat {

namespace {

constexpr std::size_t select_index = 0, window_index = 4;  // in 32-bit words
constexpr std::uint32_t register_version = 1, register_lines = 0x10;
constexpr std::uint32_t line_active_low = 1 << 13, line_level = 1 << 15, line_masked = 1 << 16;

struct IoApic {
    volatile std::uint32_t* registers = nullptr;
    std::uint32_t first_gsi = 0;
    std::uint32_t lines = 0;

    [[nodiscard]] std::uint32_t read(std::uint32_t which) const {
        registers[select_index] = which;
        return registers[window_index];
    }
    void write(std::uint32_t which, std::uint32_t value) const {
        registers[select_index] = which;
        registers[window_index] = value;
    }
};

constinit std::array<IoApic, 8> io_apics{};

struct Line {
    const IoApic* apic = nullptr;
    std::uint32_t register_low = 0;  // the high half is the next one
};

Line find_line(std::uint32_t gsi) {
    for (const IoApic& apic : io_apics) {
        if (gsi >= apic.first_gsi && gsi - apic.first_gsi < apic.lines) {
            return {&apic, register_lines + 2 * (gsi - apic.first_gsi)};
        }
    }
    return {};
}

}  // namespace

void io_apics_enable(const InterruptTopology& found) {
    // The two 8259: all lines masked. (What they still raise by mistake ends at the local APICs: local_apic_enable.)
    arch::out8(0x21, 0xff);
    arch::out8(0xa1, 0xff);
    for (std::size_t i = 0; i < found.io_apics.size(); ++i) {
        IoApic& apic = io_apics[i];
        apic.registers = arch::map_registers(found.io_apics[i].address);
        apic.first_gsi = found.io_apics[i].first_gsi;
        const std::uint32_t version = apic.read(register_version);
        // All ones: there is none (micro-VMs without ACPI).
        apic.lines = version == 0xffff'ffff ? 0 : (version >> 16 & 0xff) + 1;
        for (std::uint32_t line = 0; line < apic.lines; ++line) {
            apic.write(register_lines + 2 * line, line_masked);
        }
    }
}

bool line_exists(std::uint32_t gsi) { return find_line(gsi).apic != nullptr; }

void route_line(std::uint32_t gsi, std::uint8_t vector, bool level, bool active_low) {
    const Line line = find_line(gsi);
    ASSERT(line.apic != nullptr);
    std::uint32_t low = line_masked | vector;
    low |= level ? line_level : 0;
    low |= active_low ? line_active_low : 0;
    line.apic->write(line.register_low, low);
    line.apic->write(line.register_low + 1, this_cpu_id() << 24);
}

void mask_line(std::uint32_t gsi, bool mask) {
    const Line line = find_line(gsi);
    ASSERT(line.apic != nullptr);
    const std::uint32_t low = line.apic->read(line.register_low) & ~line_masked;
    line.apic->write(line.register_low, mask ? low | line_masked : low);
}

std::uint64_t msi_address() { return 0xfee00000 | std::uint64_t{this_cpu_id() & 0xff} << 12; }
std::uint32_t msi_data(std::uint8_t vector) { return vector; }

}  // namespace plat
