// SPDX-License-Identifier: MIT
// A machine of which the kernel cannot tell that it is simulated, for tests: memory, an MMU, a clock, a timer, interrupt
// lines, a console. There is one per process, because the kernel's own state is global.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <arch/cpu.hpp>

#include "kernel/boot_parameters.hpp"

namespace host {

class Machine {
public:
    // Powers up with this memory and an initial archive at its end. Call once.
    static void power_on(std::uint64_t memory_bytes, const std::vector<std::byte>& archive);
    static const BootParameters& parameters();

    // The address of a user byte as a thread that runs may see it now, for reading or writing; null: it would fault.
    static std::byte* translate(PhysAddr root, std::uint64_t address, bool write);

    // Time stands still but for this. The timer's interrupt comes when its time is reached.
    static void advance(Nanoseconds span);
    // The same, but timer interrupts come only at the end: the whole machine was held up.
    static void stall(Nanoseconds span);
    // What the kernel does for one event; it may end by an interrupt, which has been handled then.
    template <class Enter>
    static void visit(Enter&& enter) {
        try {
            enter();
        } catch (const arch::LeftKernel&) {
            return;
        }
    }

    // So much time passes before each preemption point of the kernel, and this is called there.
    static void at_preemption_points(Nanoseconds span, std::function<void()> look);
    static void raise_line(std::uint32_t gsi);

    // Everything that was written to the console.
    static std::string& console();
};

}  // namespace host
