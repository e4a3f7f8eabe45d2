// SPDX-License-Identifier: MIT
// Two pages that the kernel gives to the first process: what it found at boot, and the
// clock.
#pragma once

#include <cstdint>

namespace abi {

struct BootInfo {
    std::uint64_t memory_bytes;   // RAM that the firmware reported as usable
    std::uint64_t archive_bytes;  // length of the initial archive
    std::uint64_t
        acpi_root;  // physical address of ACPI's list of tables: an XSDT, or an RSDT, as its
                    // signature says (ACPI 6.5, 5.2.7 and 5.2.8); 0 if there is none
    std::uint64_t kernel_entry_tsc;  // time-stamp counter at the kernel's first instruction
    struct Framebuffer {
        std::uint64_t address;               // physical, 0 if there is none
        std::uint32_t width, height, pitch;  // pixels, pixels, bytes
        std::uint8_t bits_per_pixel;         // 32 or 24
        std::uint8_t red_shift, green_shift, blue_shift;
    } framebuffer;
    char command_line[1024];  // zero-terminated
};

// The monotonic clock in user mode: ns = ((tsc - tsc_base) * multiplier) >> shift, in 128 bits, +
// ns_base. Written once at boot, by the kernel and, wall_ns_base, the first process, before anybody else can read it.
struct TimePage {
    std::uint64_t tsc_base;
    std::uint64_t ns_base;
    std::uint64_t multiplier;
    std::uint64_t shift;
    std::uint64_t wall_ns_base;   // nanoseconds since 1970-01-01 at ns_base; the kernel leaves 0
    std::uint64_t tsc_frequency;  // Hz
    std::uint64_t cpus;           // how many run; they share the counter
};

}  // namespace abi
