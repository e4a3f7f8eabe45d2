// SPDX-License-Identifier: MIT
#include "servers/devmgr/service.hpp"

#include "libs/rt/log.hpp"
#include "servers/devmgr/power.hpp"

namespace devmgr {
namespace {

constexpr PlatformDevice platform_devices[] = {
    {.number = device::Platform::keyboard,
     .first_port = 0x60,
     .second_port = 0x64,
     .port_count = 1,
     .line = 1},
    {.number = device::Platform::serial_1, .first_port = 0x3f8, .port_count = 8, .line = 4},
    {.number = device::Platform::serial_2, .first_port = 0x2f8, .port_count = 8, .line = 3},
};

// Where a TPM answers as locality 0 (TCG PC Client Platform TPM Profile for TPM 2.0, 1.05, table 9).
constexpr std::uint64_t tpm_address = 0xfed4'0000;

}  // namespace

Service::Service(const Machine& machine, const Acpi& acpi, ipc::Ref<process::Sessions> sessions)
    : machine_(machine), acpi_(acpi), space_(machine, acpi.ecam) {
    for (PciFunction& function : enumerate(space_)) {
        // Here, before any driver works and while there is one CPU: main.cpp says why.
        read_bars(space_, function);
        devices_.emplace_back(function);
        // Nobody has it yet; but if devmgr was started again, its driver may have left it at work.
        devices_.back().silence(space_);
    }
    rt::log(devices_.size(), " PCI functions");
    for (const PlatformDevice& platform : platform_devices) {
        devices_.emplace_back(platform);
    }
    if (acpi.tpm_start_method != 0) {
        devices_.emplace_back(PlatformDevice{.number = device::Platform::tpm,
                                             .interface = acpi.tpm_start_method,
                                             .registers = tpm_address,
                                             .register_bytes = abi::page_size});
    }
    if (!acpi.power_button) {
        return;
    }
    if (auto armed = PowerButton::arm(machine, acpi, sessions)) {
        button_ = std::move(*armed);
    } else {
        rt::log("the power button does nothing: ", armed.error());
    }
}

Result<Device*> Service::device_of(const ipc::Request& request) {
    const std::uint64_t badge = request.badge();
    if (badge == 0 || badge > devices_.size() || !devices_[badge - 1].taken()) {
        return base::fail(Status::bad_handle);
    }
    return &devices_[badge - 1];
}

Result<device::Acquire::Reply> Service::handle(const device::Acquire& acquire,
                                               ipc::Request& request) {
    if (request.badge() < device::bus_badge) {
        return base::fail(Status::bad_handle);
    }
    std::uint32_t index = acquire.index;
    for (std::size_t place = 0; place < devices_.size(); ++place) {
        Device& found = devices_[place];
        if (found.taken() || !found.matches(request.badge()) || index-- != 0) {
            continue;
        }
        TRY(found.take(machine_, space_));
        auto minted =
            ipc::mint<device::Device>(machine_.endpoint, {.badge = place + 1,
                                                          .rights = abi::EndpointRights::call,
                                                          .flags = abi::MintFlags::drop_guard});
        if (!minted) {
            found.release(space_);
            return base::fail(ipc::to_status(minted.error()));
        }
        request.add_capability(std::move(*minted));
        return found.description();
    }
    return base::fail(Status::not_found);
}

Result<device::ReadConfiguration::Reply> Service::handle(const device::ReadConfiguration& read,
                                                         ipc::Request& request) {
    Device* found = TRY(device_of(request));
    return device::ReadConfiguration::Reply{.value = TRY(found->read_configuration(space_, read))};
}

Result<device::MapRegisters::Reply> Service::handle(const device::MapRegisters& map,
                                                    ipc::Request& request) {
    Device* found = TRY(device_of(request));
    auto registers = TRY(found->map_registers(machine_, map.bar));
    request.add_capability(std::move(registers.memory));
    return device::MapRegisters::Reply{.bytes = registers.bytes};
}

Result<device::GetPorts::Reply> Service::handle(const device::GetPorts& get,
                                                ipc::Request& request) {
    Device* found = TRY(device_of(request));
    auto ports = TRY(found->get_ports(machine_, get.bar));
    request.add_capability(std::move(ports.ports));
    return device::GetPorts::Reply{.first = ports.first, .count = ports.count};
}

Result<device::GetInterrupt::Reply> Service::handle(const device::GetInterrupt& get,
                                                    ipc::Request& request) {
    Device* found = TRY(device_of(request));
    auto interrupt = TRY(found->get_interrupt(machine_, space_, acpi_, get.index));
    request.add_capability(std::move(interrupt.interrupt));
    return device::GetInterrupt::Reply{.message_signalled = interrupt.message_signalled ? 1U : 0U};
}

Result<device::GetDmaMemory::Reply> Service::handle(const device::GetDmaMemory& get,
                                                    ipc::Request& request) {
    Device* found = TRY(device_of(request));
    auto dma = TRY(found->get_dma(machine_, space_, get.bytes));
    request.add_capability(std::move(dma.memory));
    return device::GetDmaMemory::Reply{.address = dma.address};
}

Result<device::StartCpus::Reply> Service::handle(const device::StartCpus&, ipc::Request& request) {
    if (request.badge() < device::bus_badge) {
        return base::fail(Status::bad_handle);
    }
    if (const auto started = machine_.interrupts->start_cpus(); !started) {
        return base::fail(ipc::to_status(started.error()));
    }
    return device::StartCpus::Reply{};
}

Result<device::PowerOff::Reply> Service::handle(const device::PowerOff& off,
                                                ipc::Request& request) {
    const bool is_bus = request.badge() >= device::bus_badge;
    if (!is_bus || (request.badge() & device::power_badge) == 0) {
        return base::fail(Status::not_permitted);
    }
    if (off.restart != 0) {
        restart(machine_.ports, acpi_);
    } else {
        power_off(machine_.ports, acpi_);
    }
    return base::fail(Status::io_error);  // the machine is still there
}

void Service::on_signal(std::uint64_t /*bits*/) { button_->on_signal(); }

void Service::on_drop(std::uint64_t badge) {
    if (badge != 0 && badge <= devices_.size() && devices_[badge - 1].taken()) {
        devices_[badge - 1].release(space_);
    }
}

}  // namespace devmgr
