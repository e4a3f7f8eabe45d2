// SPDX-License-Identifier: MIT
// The power button, where it is one of the chipset's fixed events (ACPI 6.5, 4.8.2.2.1): a bit of the PM1 event registers,
// told by the interrupt that ACPI has for itself, the SCI.
#pragma once

#include "interfaces/process.hpp"
#include "servers/devmgr/machine.hpp"

namespace devmgr {

class PowerButton {
public:
    // From now on a press signals this thread. The machine must have one: acpi.power_button.
    static ipc::KernelResult<PowerButton> arm(const Machine& machine, const Acpi& acpi,
                                              ipc::Ref<process::Sessions> sessions);

    // After the signal: has procmgr end the system, if it was the button.
    void on_signal();

private:
    PowerButton(const Machine& machine, const Acpi::PowerButton& registers)
        : machine_(&machine), registers_(registers) {}

    [[nodiscard]] bool take_press(std::uint16_t port) const;
    void enable_alone(std::uint16_t port) const;

    const Machine* machine_;
    Acpi::PowerButton registers_;
    ipc::Ref<process::Sessions> sessions_;
    ipc::Capability<ipc::Notification> pressed_;
    ipc::Capability<ipc::Interrupt> interrupt_;
    std::uint32_t others_ = 0;  // signals in a row that were not the button's
};

}  // namespace devmgr
