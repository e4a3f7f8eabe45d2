// SPDX-License-Identifier: MIT
// The CPU's own interrupt controller and its timer (Intel SDM vol. 3, 11). Memory-mapped, or by registers (x2APIC) if the
// firmware left it so.
#pragma once

#include <cstdint>

namespace plat {

// Once, on the boot CPU.
void local_apic_map();
// On each CPU.
void local_apic_enable();
// Interrupts of the class of `vector` (its bits 7 to 4) and below wait.
void local_apic_set_priority(std::uint8_t vector);

// The timer by counting down, at bus speed / 1; interrupts are masked until arm.
void local_apic_timer_start_counting();
std::uint32_t local_apic_timer_count();
void local_apic_timer_use_deadline();
// Not after that. count 0 stops it.
void local_apic_timer_arm(std::uint32_t count);

}  // namespace plat
