// SPDX-License-Identifier: MIT
// PCI: finding devices, and reading and writing what their configuration space says (PCI Local Bus
// 3.0, chapter 6; PCI Express Base 5.0, 7.5 and 7.7).
//
// Addresses were given to the devices by firmware; they are taken as they are. A device whose
// registers contradict each other loses what does not fit, and nothing more.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace devmgr {

// bus << 8 | device << 3 | function
using PciLocation = std::uint32_t;

class ConfigurationSpace {
public:
    // 1, 2 or 4 bytes at an aligned offset below 256. What is not there reads as all ones.
    [[nodiscard]] virtual std::uint32_t read(PciLocation location, std::uint32_t offset,
                                             std::uint32_t bytes) = 0;
    virtual void write(PciLocation location, std::uint32_t offset, std::uint32_t bytes,
                       std::uint32_t value) = 0;

protected:
    ~ConfigurationSpace() = default;
};

struct Bar {
    enum class Kind : std::uint8_t { none, memory, ports };
    Kind kind = Kind::none;
    std::uint64_t address = 0;
    std::uint64_t bytes = 0;
};

struct PciFunction {
    PciLocation location = 0;
    std::uint16_t vendor = 0, device = 0;
    std::uint8_t class_code = 0, subclass = 0, interface = 0, revision = 0;
    std::array<Bar, 6> bars{};
    std::uint8_t msi = 0, msix = 0;  // where these capabilities are; 0: it has none
    std::uint8_t pin = 0, line = 0;  // 0: no pin
};

// All functions but bridges, in the order of their location; without their `bars`.
std::vector<PciFunction> enumerate(ConfigurationSpace& space);
// Finds the lengths by writing to the registers: nobody may be using the device.
void read_bars(ConfigurationSpace& space, PciFunction& function);

struct MsixTable {
    std::uint32_t bar = 0;
    std::uint32_t offset = 0;
    std::uint32_t entries = 0;
};
MsixTable msix_table(ConfigurationSpace& space, const PciFunction& function);
void enable_msix(ConfigurationSpace& space, const PciFunction& function, bool on);
void enable_msi(ConfigurationSpace& space, const PciFunction& function, std::uint64_t address,
                std::uint32_t data);
void disable_msi(ConfigurationSpace& space, const PciFunction& function);

struct Command {
    static constexpr std::uint16_t ports = 1, memory = 2, bus_master = 4, no_pin = 0x400;
};
void change_command(ConfigurationSpace& space, PciLocation location, std::uint16_t set,
                    std::uint16_t clear);

}  // namespace devmgr
