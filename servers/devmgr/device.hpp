// SPDX-License-Identifier: MIT
// One device, and what was handed out of it.
//
// All that a driver gets is bought from a bank of the device's own. When the driver's last Device
// capability disappears, the device is silenced first (no more bus mastering, no more interrupts) and
// then the bank is destroyed, with registers, interrupts and DMA memory in whosever hands they are.
#pragma once

#include "interfaces/device.hpp"
#include "interfaces/status.hpp"
#include "servers/devmgr/machine.hpp"

namespace devmgr {

using interfaces::Status;

template <class T>
using Result = base::Result<T, Status>;

// Something with fixed ports, lines and registers that no bus tells about.
struct PlatformDevice {
    device::Platform number{};                      // 0: it is not one
    std::uint16_t first_port = 0, second_port = 0;  // second: 0 if there is only the first
    std::uint16_t port_count = 0;                   // at each of them
    std::uint8_t line = 0;                          // 0: none
    std::uint8_t interface = 0;   // what the driver must know of how to speak to it
    std::uint64_t registers = 0;  // physical address; 0: none
    std::uint64_t register_bytes = 0;
};

class Device {
public:
    explicit Device(const PciFunction& function) : function_(function) {}
    explicit Device(const PlatformDevice& platform);

    [[nodiscard]] bool matches(std::uint64_t filter) const;
    [[nodiscard]] bool taken() const { return static_cast<bool>(bank_); }
    [[nodiscard]] device::Acquire::Reply description() const;

    Result<void> take(const Machine& machine, ConfigurationSpace& space);
    // No more interrupts of it, no more access to memory.
    void silence(ConfigurationSpace& space) const;
    void release(ConfigurationSpace& space);

    [[nodiscard]] Result<std::uint32_t> read_configuration(ConfigurationSpace& space,
                                                           const device::ReadConfiguration& what);
    struct Registers {
        ipc::Capability<ipc::Memory> memory;
        std::uint64_t bytes;
    };
    [[nodiscard]] Result<Registers> map_registers(const Machine& machine, std::uint32_t bar);
    struct Ports {
        ipc::Capability<ipc::IoPorts> ports;
        std::uint32_t first, count;
    };
    [[nodiscard]] Result<Ports> get_ports(const Machine& machine, std::uint32_t bar);
    struct Interrupt {
        ipc::Capability<ipc::Interrupt> interrupt;
        bool message_signalled;
    };
    [[nodiscard]] Result<Interrupt> get_interrupt(const Machine& machine, ConfigurationSpace& space,
                                                  const Acpi& acpi, std::uint32_t index);
    struct Dma {
        ipc::Capability<ipc::Memory> memory;
        std::uint64_t address;
    };
    [[nodiscard]] Result<Dma> get_dma(const Machine& machine, ConfigurationSpace& space,
                                      std::uint64_t bytes);

private:
    [[nodiscard]] bool is_platform() const { return platform_.number != device::Platform{}; }
    [[nodiscard]] Result<Interrupt> get_line(const Machine& machine, const Acpi& acpi);
    [[nodiscard]] Result<Interrupt> get_msix(const Machine& machine, ConfigurationSpace& space,
                                             std::uint32_t index);
    [[nodiscard]] Result<Interrupt> get_msi(const Machine& machine, ConfigurationSpace& space);
    [[nodiscard]] Result<void> open_msix(const Machine& machine, ConfigurationSpace& space);

    PciFunction function_;
    PlatformDevice platform_{};
    ipc::Capability<ipc::Bank> bank_;  // there is one while the device is taken
    PhysicalWindow msix_window_;
    volatile std::uint32_t* msix_ = nullptr;  // its vector table, four words each
    std::uint32_t msix_entries_ = 0;
};

}  // namespace devmgr
