// SPDX-License-Identifier: MIT
// The PC as far as the kernel itself drives it: a line of early text, the clock, one timer, interrupt routing.
//
// Everything else on the board belongs to user-mode drivers. All functions run with interrupts off on the CPU that
// they concern; `initialise` runs once, on the boot CPU, before any other of them except early_console_write and
// read_firmware_tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "abi/kernel/boot_info.hpp"
#include "kernel/boot_parameters.hpp"
#include "kernel/types.hpp"

namespace plat {

// Interrupt vectors. Below 32 are the CPU's exceptions.
inline constexpr std::uint8_t vector_timer = 0x20;
inline constexpr std::uint8_t vector_device_first = 0x30;
inline constexpr std::uint8_t vector_device_last = 0xef;
// From another CPU: look what is to be done. In a priority class above all others (bits 7 to 4), for `nap`.
inline constexpr std::uint8_t vector_wake = 0xf0;
inline constexpr std::uint8_t vector_spurious = 0xff;

// COM1, polled. Works before `initialise`, and in a panic.
void early_console_write(std::string_view text);

// What the firmware's tables say of CPUs and interrupts (see BootParameters::acpi_root). While all physical memory below 4 GiB
// is in the kernel window, as it is in the boot page tables.
void read_firmware_tables(PhysAddr root);

// Finds and sets up the local APIC, the I/O APICs, the clock and the timer.
void initialise(const BootParameters& parameters);

// The CPUs that the firmware lists, by the hardware's numbers for them: at least this one. Constant after `initialise`.
std::span<const std::uint32_t> listed_cpus();
std::uint32_t this_cpu_id();
// Another CPU starts anew; then, at the page, in 16-bit mode.
void reset_cpu(std::uint32_t id);
void start_cpu(std::uint32_t id, PhysAddr page);
// What `initialise` did for the boot CPU: its interrupt controller and timer.
void initialise_this_cpu();
// Interrupt vector_wake comes on that CPU, as soon as it takes interrupts.
void wake_cpu(std::uint32_t id);

// Sleeps inside the kernel until vector_wake comes, or came before and waits; may return early. All other interrupts wait.
void nap();

// The monotonic clock. It starts near zero at boot and is the one that TimePage describes.
Nanoseconds clock_now();
void fill_time_page(abi::TimePage& page);

// One shot, on this CPU: interrupt vector_timer comes at or soon after `when` (at once if that has passed). It may come
// early if `when` is farther away than the hardware counts: look at the clock.
void arm_timer(Nanoseconds when);

// Ends the interrupt being handled on this CPU: the next one of the same or lower priority can come.
void acknowledge_interrupt();

// Interrupt lines, by global system interrupt number (ACPI). A routed line is masked at first.
bool line_exists(std::uint32_t gsi);
void route_line(std::uint32_t gsi, std::uint8_t vector, bool level, bool active_low);
void mask_line(std::uint32_t gsi, bool mask);

// What a device must write where, to raise `vector` on the CPU that asks.
std::uint64_t msi_address();
std::uint32_t msi_data(std::uint8_t vector);

// Nothing runs on this CPU after this.
[[noreturn]] void power_off_or_halt();

}  // namespace plat
