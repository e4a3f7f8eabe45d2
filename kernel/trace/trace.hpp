// SPDX-License-Identifier: MIT
// Trace: who runs, who calls whom, faults and interrupts, as events in a ring for each CPU.
//
// The rings lie in a Memory object that the starter of the trace hands over, divided evenly among the CPUs. The kernel only
// writes there and copies out again what it wrote, so it does not matter that others can write, too. When that Memory dies,
// the trace ends.
//
// A ring that is full takes nothing more until it is read, and counts what it lost: so pairs (call and reply) are lost at
// the end of a stretch, not torn at its beginning, and a name, which comes once, is never overwritten.
//
// Cost. Off: a test of one byte on the long ways (a fault, an interrupt, leaving the kernel, a message that is not for the fast
// path) and nothing on the fast paths. On: `syscall` enters elsewhere, per CPU (arch::trace_system_calls), and no call takes the
// fast path. A CPU notices that a trace began or ended when it next leaves the kernel.
//
// Everything here runs alone in the kernel.
#pragma once

#include <cstdint>
#include <span>

#include "abi/kernel/trace.hpp"
#include "kernel/result.hpp"

namespace kernel {

class Memory;
class Thread;

class Trace {
public:
    [[nodiscard]] static bool on() { return on_; }
    // It is, or some CPU has not yet noticed that it ended.
    [[nodiscard]] static bool in_use() { return in_use_; }

    // From now on, into all pages of `memory`. Errors: busy (a trace is on), invalid_argument (too small, or too large), and those
    // of Memory.pin.
    static Result<> start(Memory& memory);
    static void stop();
    // The oldest events of this CPU, which leave the ring: -> how many
    struct Read {
        std::size_t events;
        std::uint64_t lost;  // since the start
    };
    static Result<Read> read(std::uint64_t cpu, std::span<abi::TraceEvent> to);
    // The memory is no more.
    static void forget(const Memory& memory) {
        if (&memory == memory_) {
            stop();
        }
    }

    // The kernel is being left, while it is in use: who runs?
    static void record_exit();

    // ---- only while it is on
    // On this CPU. `thread` may be null: nobody's.
    static void record(Thread* thread, abi::TraceKind kind, std::uint16_t code, std::uint64_t a = 0,
                       std::uint64_t b = 0);
    // A system call of this CPU's thread, any number.
    static void record_system_call(Thread& thread);

private:
    static constinit bool on_;
    static constinit bool in_use_;
    static constinit const Memory* memory_;
};

}  // namespace kernel
