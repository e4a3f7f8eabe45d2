// SPDX-License-Identifier: MIT
//
// A further thread in the program's own address space, with its own stack, pages and scheduling
// context.
//
// It shares the capability table, but neither heap nor rt::map (they have no locks): it works on
// what it was given, makes calls, and logs. The function's argument must outlive it. When the
// function returns, the thread sleeps for ever; the Thread object owns its resources and ends it
// when it dies.
#pragma once

#include "libs/ipc/kernel_objects.hpp"
#include "libs/rt/mapping.hpp"

namespace rt {

struct ThreadConfig {
    std::uint64_t stack_bytes = 64 * 1024;
    std::uint8_t priority = 255;  // at most that of the program's own context
    std::uint64_t budget_ns = 0;  // 0: no limit
    std::uint64_t period_ns = 0;
};

class [[nodiscard]] Thread {
public:
    using Function = void (*)(void* argument);

    static ipc::KernelResult<Thread> start(Function function, void* argument,
                                           const ThreadConfig& config = {});

    [[nodiscard]] ipc::Ref<ipc::Thread> thread() const { return thread_; }

private:
    // Destroyed in reverse: first the thread, then what it stands on.
    Mapping stack_;
    ipc::Capability<ipc::SchedContext> context_;
    ipc::Capability<ipc::Thread> thread_;
};

}  // namespace rt
