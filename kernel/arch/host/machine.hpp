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

// What the real machine asks on the way to user mode (kernel/syscall/system_call.cpp).
extern "C" void kernel_check_left();

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
            kernel_check_left();
            return;
        }
        kernel_check_left();
    }

    // So much time passes before each preemption point of the kernel, and this is called there.
    static void at_preemption_points(Nanoseconds span, std::function<void()> look);
    static void raise_line(std::uint32_t gsi);

    // ---- several CPUs
    // Only one of them goes on at any time, and hands over where it waits for another (arch::relax), at the end of what it was
    // told to do, and nowhere else: the same happens in each run.

    // How many the machine has. Before it is booted.
    static void cpus(std::size_t count);
    // That CPU does this, as user code or a device would make it; then all do what they were told by others. The test is CPU 0.
    static void on_cpu(std::size_t cpu, std::function<void()> act);
    // The same, but not before the test lets the others go on, by `settle` or by a visit that waits for one of them.
    static void will_do(std::size_t cpu, std::function<void()> act);
    static void settle();
    // All CPUs do this at once, in any order; then all is as before. They take interrupts only by handle_interrupts, and time passes
    // only as they wait for each other.
    static void at_once(const std::function<void(std::size_t)>& act);
    // Those of others and of the timer that have come to this CPU.
    static void handle_interrupts();
    // How many interrupts from others this CPU has had.
    static std::uint64_t wakes(std::size_t cpu);

    // Everything that was written to the console.
    static std::string& console();

private:
    static void handle_timer();
};

}  // namespace host
