// SPDX-License-Identifier: MIT
#include "kernel/sched/kernel_lock.hpp"

#include <bit>

#include <arch/cpu.hpp>
#include <arch/cpus.hpp>
#include <arch/fpu.hpp>

#include "kernel/assert.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/plat/platform.hpp"
#include "kernel/sched/scheduler.hpp"

namespace kernel {

constinit bool KernelLock::many_ = false;
alignas(64) constinit std::atomic<bool> KernelLock::taken_ = false;
alignas(64) constinit std::atomic<std::uint64_t> KernelLock::sleepers_ = 0;

bool KernelLock::is_held_here() { return scheduler().is_alone(); }
LockRank& KernelLock::rank_here() { return scheduler().lock_rank; }

// Looks before it writes: the line stays with all who wait until the lock is free.
bool KernelLock::try_lock() {
    return !taken_.load(std::memory_order_relaxed) && !taken_.exchange(true);
}

// The long way costs more than a short wait.
bool KernelLock::try_share() {
    constexpr int patience = 200;
    Scheduler& cpu = scheduler();
    check_away();
    for (int i = 0; i < patience; ++i) {
        if (!taken_.load(std::memory_order_relaxed)) {
            // Either this look sees that the lock is taken, or its taker's sees that this CPU shares.
            cpu.begin_sharing();
            if (!taken_.load()) {
                change_rank(LockRank::none, LockRank::kernel);
                if (cpu.is_settled()) {
                    return true;
                }
                end_share();
                return false;
            }
            cpu.end_visit();
        }
        arch::relax();
    }
    return false;
}

void KernelLock::end_share() {
    change_rank(LockRank::kernel, LockRank::none);
    scheduler().end_visit();
}

void KernelLock::wait_for_sharers() {
    for_each_scheduler([](const Scheduler& cpu) {
        while (cpu.shares()) {
            arch::relax();
        }
    });
}

// Who spins for long takes the time from a holder whom the machine below us has put aside. So one that has waited for longer
// than a visit takes goes to sleep, and whoever lets the lock go wakes one of the sleepers, which competes with all others.
void KernelLock::wait(Scheduler& cpu) {
    constexpr Nanoseconds patience = 30'000;
    Nanoseconds begin = plat::clock_now();
    while (!try_lock()) {
        cpu.wait_a_moment();
        if (plat::clock_now() - begin < patience) {
            continue;
        }
        const std::uint64_t mine = std::uint64_t{1} << arch::this_cpu().id;
        sleepers_.fetch_or(mine);
        // What comes after this look sees that this CPU sleeps, and wakes it.
        if (taken_.load() && !cpu.must_leave_space()) {
            plat::nap();
        }
        sleepers_.fetch_and(~mine);
        begin = plat::clock_now();
    }
}

void KernelLock::rouse(std::size_t cpu) {
    if ((sleepers_.load() & std::uint64_t{1} << cpu) != 0) {
        plat::wake_cpu(arch::cpu(cpu).hardware_id);
    }
}

void KernelLock::wake_one() {
    // One that has woken by itself in between competes already, and wakes the next.
    if (const std::uint64_t sleepers = sleepers_.load(); sleepers != 0) {
        const int chosen = std::countr_zero(sleepers);
        sleepers_.fetch_and(~(std::uint64_t{1} << chosen));
        plat::wake_cpu(arch::cpu(static_cast<std::size_t>(chosen)).hardware_id);
    }
}

bool KernelLock::enter_one_of_many(const Thread* thread, std::uint8_t rewind) {
    Scheduler& cpu = scheduler();
    check_away();
    if (!try_lock()) {
        cpu.begin_waiting(rewind);
        wait(cpu);
    }
    wait_for_sharers();
    change_rank(LockRank::none, LockRank::kernel);
    cpu.begin_visit();
    const bool is_void = cpu.take_void_event();
    return !is_void && cpu.current() == thread;
}

void KernelLock::leave_one_of_many() {
    ASSERT(taken_.load(std::memory_order_relaxed));
    check_held();
    change_rank(LockRank::kernel, LockRank::none);
    scheduler().end_visit();
    taken_.store(false);
    wake_one();
}

}  // namespace kernel
