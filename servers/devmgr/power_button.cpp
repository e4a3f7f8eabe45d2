// SPDX-License-Identifier: MIT
#include "servers/devmgr/power_button.hpp"

#include <algorithm>

#include "libs/ipc/protocol.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "servers/devmgr/power.hpp"

namespace devmgr {
namespace {

constexpr std::uint16_t button = 1 << 8;    // of the status and of the enable register (4.8.3.1)
constexpr std::uint32_t most_others = 100;  // in a row
constexpr std::uint64_t patience = rt::second;

// Wired as the table says; without a word there, as ACPI has it (5.2.9, SCI_INT).
LineOverride line_of(const Acpi& acpi, std::uint8_t line) {
    const auto found = std::ranges::find(acpi.overrides, line, &LineOverride::line);
    return found != acpi.overrides.end() ? *found
                                         : LineOverride{.line = line,
                                                        .global_interrupt = line,
                                                        .flags = abi::InterruptFlags::level |
                                                                 abi::InterruptFlags::active_low};
}

}  // namespace

ipc::KernelResult<PowerButton> PowerButton::arm(const Machine& machine, const Acpi& acpi,
                                                ipc::Ref<process::Sessions> sessions) {
    PowerButton armed{machine, *acpi.power_button};
    armed.sessions_ = sessions;
    const LineOverride line = line_of(acpi, armed.registers_.line);
    armed.pressed_ = TRY(ipc::own_bank()->create_notification());
    TRY(ipc::own_thread()->bind_notification(armed.pressed_.ref()));
    armed.interrupt_ =
        TRY(machine.interrupts->create_line(line.global_interrupt, line.flags, ipc::own_bank()));
    take_over(machine.ports, acpi);
    for (const std::uint16_t port : {armed.registers_.port, armed.registers_.port_b}) {
        (void)armed.take_press(port);
        armed.enable_alone(port);
    }
    TRY(armed.interrupt_->bind(armed.pressed_.ref(), 1));
    return armed;
}

bool PowerButton::take_press(std::uint16_t port) const {
    if (port == 0 || (machine_->ports->in<std::uint16_t>(port).value_or(0) & button) == 0) {
        return false;
    }
    return machine_->ports->out(port, button).has_value();  // written, a one clears it
}

// Any other event would interrupt without end, as nobody here would clear it.
void PowerButton::enable_alone(std::uint16_t port) const {
    if (port != 0) {
        (void)machine_->ports->out(static_cast<std::uint16_t>(port + registers_.enable_offset),
                                   button);
    }
}

void PowerButton::on_signal() {
    const bool first = take_press(registers_.port);
    const bool second = take_press(registers_.port_b);
    if (!first && !second) {
        // A level line may come once more before the kernel masks it; but an event that nobody here
        // can quiet must not go on for ever.
        if (++others_ == most_others) {
            rt::log("ACPI events that are not the power button: no more are looked at");
            return;
        }
        (void)interrupt_->acknowledge();
        return;
    }
    others_ = 0;
    // Before procmgr is there, a driver may wait for devmgr, and procmgr for that driver.
    const auto told = ipc::call(sessions_, process::Shutdown{}, {.deadline = rt::now() + patience});
    if (told) {
        return;  // once is enough, also if the hardware goes on telling
    }
    rt::log("the power button was pressed, but nobody could be told: ", told.error());
    (void)interrupt_->acknowledge();
}

}  // namespace devmgr
