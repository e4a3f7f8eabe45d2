// SPDX-License-Identifier: MIT
#include "servers/devmgr/power.hpp"

#include "libs/rt/clock.hpp"

namespace devmgr {
namespace {

constexpr std::uint16_t sci_enabled = 1;  // bits of PM1 control (ACPI 6.5, 4.8.3.2)
constexpr std::uint16_t sleep_enable = 1 << 13;
constexpr std::uint16_t sleep_type_mask = 7 << 10;

void wait(std::uint64_t nanoseconds) {
    const std::uint64_t end = rt::now() + nanoseconds;
    while (rt::now() < end) {
        ipc::sys::yield();
    }
}

void sleep(ipc::Ref<ipc::IoPorts> ports, std::uint16_t control, std::uint8_t type) {
    const std::uint16_t now = ports->in<std::uint16_t>(control).value_or(0);
    const int kept = now & ~(sleep_type_mask | sleep_enable);
    (void)ports->out(control, static_cast<std::uint16_t>(kept | (type << 10) | sleep_enable));
}

}  // namespace

void take_over(ipc::Ref<ipc::IoPorts> ports, const Acpi& acpi) {
    if (!acpi.power_off) {
        return;
    }
    const std::uint16_t control = acpi.power_off->control_port;
    const auto enabled = [&] {
        return (ports->in<std::uint16_t>(control).value_or(0) & sci_enabled) != 0;
    };
    if (enabled() || !acpi.enable) {
        return;
    }
    (void)ports->out(acpi.enable->port, acpi.enable->value);
    for (int tries = 0; tries < 100 && !enabled(); ++tries) {
        wait(rt::millisecond);
    }
}

void power_off(ipc::Ref<ipc::IoPorts> ports, const Acpi& acpi) {
    if (!acpi.power_off) {
        return;
    }
    take_over(ports, acpi);
    sleep(ports, acpi.power_off->control_port, acpi.power_off->type);
    if (acpi.power_off->control_port_b != 0) {
        sleep(ports, acpi.power_off->control_port_b, acpi.power_off->type_b);
    }
    wait(rt::second);
}

void restart(ipc::Ref<ipc::IoPorts> ports, const Acpi& acpi) {
    if (acpi.reset) {
        (void)ports->out(acpi.reset->port, acpi.reset->value);
        wait(50 * rt::millisecond);
    }
    constexpr std::uint16_t chipset_reset = 0xcf9;
    (void)ports->out(chipset_reset, std::uint8_t{0x02});
    (void)ports->out(chipset_reset, std::uint8_t{0x06});
    wait(50 * rt::millisecond);
    // The keyboard controller's oldest duty.
    (void)ports->out(std::uint16_t{0x64}, std::uint8_t{0xfe});
    wait(50 * rt::millisecond);
}

}  // namespace devmgr
