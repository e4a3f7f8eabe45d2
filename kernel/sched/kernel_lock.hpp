// SPDX-License-Identifier: MIT
// KernelLock: one CPU at a time is in the kernel. docs/decisions/one-kernel-lock.md says why, and what would come next.
//
// With one CPU there is no lock: `many` is false for ever, and every use of it is one comparison and a branch. With several,
// a CPU is
//
//   away      in user mode, idle, or on the way there: it reads the registers of its current thread, and nothing else
//   waiting   entered, its thread's registers saved in memory, spins for the lock, then sleeps: it touches nothing
//   holding   has the lock
//
// Whoever holds the lock and must change what an other CPU is using (the thread that runs there, translations that it has
// cached, the page tables that it stands on) first makes it wait: `bring_in` interrupts it until it is `waiting`. It stays
// so until the lock is free. What brought it into the kernel may have lost its meaning by then: see Scheduler::void_event.
//
// The lock is the only one there is; nothing is held across a switch to another thread or in user mode. A debug build (and the
// simulated machine) checks that: who enters does not have the lock, who changes queues, references or what other CPUs use has it,
// and who goes to user mode, or idles, does not.
#pragma once

#include <atomic>
#include <cstdint>

#include "kernel/assert.hpp"

namespace kernel {

class Scheduler;
class Thread;

class KernelLock {
public:
    // Several CPUs run. Set once, by the boot CPU, before any other enters.
    static bool many() { return many_; }
    static void become_many() { many_ = true; }

    // Begins this CPU's visit. False: what it came for is void (the thread is gone from here, or goes on anew).
    // `rewind`: how many bytes before its rip the thread must begin for this to happen again.
    [[nodiscard]] static bool enter(const Thread* thread, std::uint8_t rewind) {
        return !many_ || enter_one_of_many(thread, rewind);
    }
    // Ends the visit: from here on the thread that was chosen may be looked at by nobody but this CPU.
    static void leave() {
        if (many_) [[unlikely]] {
            leave_one_of_many();
        }
    }
    // A CPU that waits looks at what it is to do while it waits.
    static void rouse(std::size_t cpu);
    // For the fast path, when there are many: not if it is taken for longer than a moment.
    [[nodiscard]] static bool try_enter();

    static void check_held() {
        if constexpr (CLUU_DEBUG != 0) {
            ASSERT(!many_ || is_held_here());
        }
    }
    static void check_away() {
        if constexpr (CLUU_DEBUG != 0) {
            ASSERT(!many_ || !is_held_here());
        }
    }

private:
    static bool is_held_here();
    static bool enter_one_of_many(const Thread* thread, std::uint8_t rewind);
    static void leave_one_of_many();
    static bool try_lock();
    static void wait(Scheduler& cpu);
    static void wake_one();

    static constinit bool many_;
    static constinit std::atomic<bool> taken_;
    // The CPUs that wait asleep and that nobody wakes yet, as bits.
    static constinit std::atomic<std::uint64_t> sleepers_;
};

}  // namespace kernel
