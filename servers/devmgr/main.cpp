// SPDX-License-Identifier: MIT
// devmgr: finds the devices and gives each driver exactly its own: registers, interrupts, memory that
// the device may use.
//
// Capabilities: "endpoint" (receive, mint), "io-ports", "interrupt-control", "physical-memory",
// "boot-info", "sessions" (process::Sessions: who is told of the power button), "log". Clients hold
// device::Bus, minted with device::filter_badge.
//
// One CPU runs until the console has set its mode and says so (device::StartCpus). Before, devices change where in memory
// they answer: each is away from its addresses while devmgr asks for these, and a display's old window goes when it gets
// a mode. QEMU's translator up to 8.1 then loses what other CPUs do with any device, their local APICs included.
#include "abi/kernel/boot_info.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"
#include "servers/devmgr/service.hpp"

namespace {

std::uint64_t acpi_root(ipc::Ref<ipc::Memory> boot_info) {
    const auto mapping =
        rt::map(boot_info, {.length = sizeof(abi::BootInfo), .flags = abi::MapFlags::read});
    return mapping ? mapping->as<const abi::BootInfo>()->acpi_root : 0;
}

devmgr::Acpi find_acpi(const devmgr::Machine& machine, ipc::Ref<ipc::Memory> boot_info) {
    devmgr::TableReader reader{machine};
    const std::uint64_t root = acpi_root(boot_info);
    return root == 0 ? devmgr::Acpi{} : devmgr::read_acpi(reader, root);
}

}  // namespace

void server_main(const rt::StartInfo& start) {
    const devmgr::Machine machine{
        .endpoint = start.require<ipc::Endpoint>("endpoint"),
        .ports = start.require<ipc::IoPorts>("io-ports"),
        .interrupts = start.require<ipc::InterruptControl>("interrupt-control"),
        .physical = start.require<ipc::Memory>("physical-memory")};
    const devmgr::Acpi acpi = find_acpi(machine, start.require<ipc::Memory>("boot-info"));
    if (!acpi.power_off) {
        rt::log("no ACPI power off on this machine");
    }
    devmgr::Service service{machine, acpi, start.require<process::Sessions>("sessions")};
    const abi::Error why = ipc::serve<devmgr::Service::Protocol>(machine.endpoint, service);
    rt::log("cannot receive: ", why);
}
