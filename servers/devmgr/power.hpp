// SPDX-License-Identifier: MIT
// The end: power off by ACPI's sleep state S5, restart by whatever works. Neither of the two
// returns if it succeeds.
#pragma once

#include "libs/ipc/kernel_objects.hpp"
#include "servers/devmgr/acpi.hpp"

namespace devmgr {

// Makes the firmware hand over the power registers, if it has not.
void take_over(ipc::Ref<ipc::IoPorts> ports, const Acpi& acpi);
void power_off(ipc::Ref<ipc::IoPorts> ports, const Acpi& acpi);
void restart(ipc::Ref<ipc::IoPorts> ports, const Acpi& acpi);

}  // namespace devmgr
