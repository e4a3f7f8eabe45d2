// SPDX-License-Identifier: MIT
// What devmgr wants from the ACPI tables (ACPI 6.5, chapter 5): where PCI's configuration space is,
// how to power off and restart, where the power button is, whether there is a TPM, and how the old
// interrupt lines are wired. No AML is run: the two numbers of the sleep state S5 are found in the DSDT by their fixed
// encoding.
//
// The tables come from firmware, and may be wrong: everything is checked against lengths and sums,
// and what cannot be read is simply not known.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace devmgr {

// Physical memory, read where it lies. The bytes stay valid while the reader lives.
class PhysicalReader {
public:
    [[nodiscard]] virtual std::span<const std::byte> read(std::uint64_t address,
                                                          std::size_t length) = 0;  // or empty

protected:
    ~PhysicalReader() = default;
};

struct EcamRange {              // MCFG: memory-mapped configuration space of a range of buses
    std::uint64_t address = 0;  // of bus 0's, even if the range starts later
    std::uint8_t first_bus = 0, last_bus = 0;
};

struct LineOverride {  // MADT: an ISA line that is not wired to the interrupt of its number
    std::uint8_t line = 0;
    std::uint32_t global_interrupt = 0;
    std::uint64_t flags = 0;  // abi::InterruptFlags
};

struct Acpi {
    std::vector<EcamRange> ecam;
    std::vector<LineOverride> overrides;

    struct PowerOff {
        std::uint16_t control_port = 0;  // PM1a_CNT; PM1b_CNT if there is one
        std::uint16_t control_port_b = 0;
        std::uint8_t type = 0, type_b = 0;  // SLP_TYP of S5
    };
    std::optional<PowerOff> power_off;
    struct PowerButton {         // its registers are PM1's
        std::uint16_t port = 0;  // PM1a_EVT: status; PM1b_EVT if there is one
        std::uint16_t port_b = 0;
        std::uint16_t enable_offset = 0;  // from the status register to the enable register
        std::uint8_t line = 0;            // the SCI
    };
    std::optional<PowerButton> power_button;
    struct Enable {  // writing this hands the power registers to the operating system
        std::uint16_t port = 0;
        std::uint8_t value = 0;
    };
    std::optional<Enable> enable;
    struct Reset {
        std::uint16_t port = 0;
        std::uint8_t value = 0;
    };
    std::optional<Reset> reset;
    // TPM2 (TCG ACPI Specification 1.3, table 7): how a TPM 2.0 is spoken to; 0: there is none.
    std::uint8_t tpm_start_method = 0;
};

// `root`: the list of tables (abi::BootInfo).
Acpi read_acpi(PhysicalReader& memory, std::uint64_t root);

// SLP_TYPa and SLP_TYPb of \_S5 in the DSDT's AML.
struct SleepTypes {
    std::uint8_t a = 0, b = 0;
};
std::optional<SleepTypes> find_sleep_types(std::span<const std::byte> aml);

}  // namespace devmgr
