// SPDX-License-Identifier: MIT
// Service: protocol `device`. A badge below device::bus_badge is a device's place in the list plus
// one; others are filters (interfaces/device.hpp).
#pragma once

#include "libs/ipc/server.hpp"
#include "servers/devmgr/device.hpp"
#include "servers/devmgr/power_button.hpp"

namespace devmgr {

class Service {
public:
    using Protocol = ipc::Operations<device::Acquire, device::ReadConfiguration,
                                     device::MapRegisters, device::GetPorts, device::GetInterrupt,
                                     device::GetDmaMemory, device::StartCpus, device::PowerOff>;

    Service(const Machine& machine, const Acpi& acpi, ipc::Ref<process::Sessions> sessions);

    Result<device::Acquire::Reply> handle(const device::Acquire& acquire, ipc::Request& request);
    Result<device::ReadConfiguration::Reply> handle(const device::ReadConfiguration& read,
                                                    ipc::Request& request);
    Result<device::MapRegisters::Reply> handle(const device::MapRegisters& map,
                                               ipc::Request& request);
    Result<device::GetPorts::Reply> handle(const device::GetPorts& get, ipc::Request& request);
    Result<device::GetInterrupt::Reply> handle(const device::GetInterrupt& get,
                                               ipc::Request& request);
    Result<device::GetDmaMemory::Reply> handle(const device::GetDmaMemory& get,
                                               ipc::Request& request);
    Result<device::StartCpus::Reply> handle(const device::StartCpus& start, ipc::Request& request);
    Result<device::PowerOff::Reply> handle(const device::PowerOff& off, ipc::Request& request);

    void on_drop(std::uint64_t badge);
    void on_signal(std::uint64_t bits);

private:
    [[nodiscard]] Result<Device*> device_of(const ipc::Request& request);

    const Machine& machine_;
    const Acpi& acpi_;
    PciAccess space_;
    std::vector<Device> devices_;
    std::optional<PowerButton> button_;
};

}  // namespace devmgr
