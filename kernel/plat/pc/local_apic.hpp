// SPDX-License-Identifier: MIT
// The CPU's own interrupt controller and its timer (Intel SDM vol. 3, 11). Memory-mapped, or by registers (x2APIC) if the
// firmware left it so.
#pragma once

#include <cstdint>

#include "kernel/types.hpp"

namespace plat {

void local_apic_enable(PhysAddr address);
std::uint32_t local_apic_id();
void local_apic_end_interrupt();

// The timer by counting down; interrupts are masked until arm. Runs at bus speed / 1.
void local_apic_timer_start_counting();
std::uint32_t local_apic_timer_count();
void local_apic_timer_use_deadline();
// count 0 stops it.
void local_apic_timer_arm(std::uint32_t count);

}  // namespace plat
