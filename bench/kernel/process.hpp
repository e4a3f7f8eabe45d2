// SPDX-License-Identifier: MIT
//
// A second protection domain for benchmarks between address spaces: a copy-on-write copy of the
// program's own address space and of its capability table, with a thread of its own. What the
// program had set up before, the copy has too, at the same addresses and in the same slots.
//
// The copy's stack and its message and control pages are one Memory, mapped at a place that the
// original does not use.
#pragma once

#include <cstdint>

#include "libs/ipc/kernel_objects.hpp"

namespace bench {

class [[nodiscard]] Process {
public:
    using Function = void (*)(std::uint64_t argument);

    // The function must not return.
    static ipc::KernelResult<Process> start(Function function, std::uint64_t argument,
                                            std::uint8_t priority);

    // Ends it and gives back all that it had.
    void destroy();

private:
    ipc::Capability<ipc::Bank> bank_;
    ipc::Capability<ipc::AddressSpace> space_;
    ipc::Capability<ipc::CapTable> table_;
    ipc::Capability<ipc::Memory> memory_;
    ipc::Capability<ipc::Thread> thread_;
    ipc::Capability<ipc::SchedContext> context_;
};

// A thread in this address space that has begun to run; for the cost of making one.
struct BareThread {
    ipc::Capability<ipc::Thread> thread;
    ipc::Capability<ipc::SchedContext> context;

    static ipc::KernelResult<BareThread> start(ipc::Ref<ipc::Memory> pages,
                                               std::uint64_t pages_offset, std::uint64_t mapped_at,
                                               std::uint64_t stack_top);
};

}  // namespace bench
