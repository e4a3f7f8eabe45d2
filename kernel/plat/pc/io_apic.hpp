// SPDX-License-Identifier: MIT
#pragma once

#include "kernel/plat/pc/acpi.hpp"

namespace plat {

// Masks every line of every I/O APIC and of the old controllers. The lines' functions are in platform.hpp.
void io_apics_enable(const InterruptTopology& found);

}  // namespace plat
