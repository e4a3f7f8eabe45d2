// SPDX-License-Identifier: MIT
#include "kernel/sched/kernel_lock.hpp"

#include <arch/cpu.hpp>
#include <arch/fpu.hpp>

#include "kernel/assert.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/sched/scheduler.hpp"

namespace kernel {

constinit bool KernelLock::many_ = false;
alignas(64) constinit std::atomic<bool> KernelLock::taken_ = false;

// Looks before it writes: the line stays with all who wait until the lock is free.
bool KernelLock::try_lock() {
    return !taken_.load(std::memory_order_relaxed) &&
           !taken_.exchange(true, std::memory_order_acquire);
}

// The long way costs more than a short wait.
bool KernelLock::try_enter() {
    constexpr int patience = 200;
    for (int i = 0; !try_lock(); ++i) {
        if (i == patience) {
            return false;
        }
        arch::relax();
    }
    scheduler().begin_visit();
    return true;
}

bool KernelLock::enter_one_of_many(const Thread* thread, std::uint8_t rewind) {
    Scheduler& cpu = scheduler();
    if (!try_lock()) {
        cpu.begin_waiting(rewind);
        while (!try_lock()) {
            cpu.wait_a_moment();
        }
    }
    cpu.begin_visit();
    const bool is_void = cpu.take_void_event();
    return !is_void && cpu.current() == thread;
}

void KernelLock::leave_one_of_many() {
    ASSERT(taken_.load(std::memory_order_relaxed));
    scheduler().end_visit();
    taken_.store(false, std::memory_order_release);
}

}  // namespace kernel
