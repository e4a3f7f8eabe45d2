// SPDX-License-Identifier: MIT
// The kernel's locks. docs/decisions/kernel-locks.md says why they are what they are, and who may touch what.
//
// With one CPU there is no lock: `many` is false for ever, and every use of it is one comparison and a branch. With several,
// a CPU is
//
//   away      in user mode, idle, or on the way there: it reads the registers of its current thread, and nothing else
//   waiting   entered, its thread's registers saved in memory, spins for the lock, then sleeps: it touches nothing
//   sharing   in the kernel together with others, for what the fast path does (ipc/fast_path.hpp) and nothing else: then each object
//             that it changes has a lock of its own
//   holding   alone in the kernel: all that it touches is its own
//
// To be alone a CPU takes KernelLock, after which nobody begins to share, and waits for those who do. To share it says so in a
// word of its own (Scheduler::visit_), and then looks whether the lock is taken: if so, it takes that back and goes the long way. So one
// that shares writes to no cache line that another CPU writes to, but those of the objects that they have in common.
//
// Whoever holds the lock and must change what an other CPU is using (the thread that runs there, translations that it has
// cached, the page tables that it stands on) first makes it wait: `bring_in` interrupts it until it is `waiting`. It stays
// so until the lock is free. What brought it into the kernel may have lost its meaning by then: see Scheduler::void_event.
//
// Nothing is held across a switch to another thread or in user mode. A debug build (and the simulated machine) checks that, and
// the order of the locks (LockRank): who enters has no lock, who changes queues, references or what other CPUs use is alone, or
// shares and changes what is this CPU's own, and who goes to user mode, or idles, has none.
#pragma once

#include <atomic>
#include <cstdint>

#include <arch/cpu.hpp>

#include "kernel/assert.hpp"

namespace kernel {

class Scheduler;
class Thread;

// All locks, in the order in which a CPU takes them: none while it has one of the same rank or a later one.
enum class LockRank : std::uint8_t {
    none,
    kernel,  // KernelLock, shared or alone
    object,  // ObjectLock: of one endpoint or notification, by whoever shares the kernel
};

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
    // For the fast path, when there are many. False: a CPU is alone in the kernel for longer than a moment, or has given this one
    // something to decide.
    [[nodiscard]] static bool try_share();
    static void end_share();

    static void check_held() { ASSERT(CLUU_DEBUG == 0 || !many_ || is_held_here()); }
    static void check_away() { check_rank(LockRank::none); }
    // The latest lock that this CPU has is of this rank.
    static void check_rank(LockRank rank) {
        ASSERT(CLUU_DEBUG == 0 || !many_ || rank_here() == rank);
    }
    // In order, this CPU's latest lock is now of this rank.
    static void change_rank(LockRank from, LockRank to) {
        if constexpr (CLUU_DEBUG != 0) {
            check_rank(from);
            rank_here() = to;
        }
    }

private:
    static bool is_held_here();
    static LockRank& rank_here();
    static void wait_for_sharers();
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

// Of one object, for those who share the kernel; whoever is alone needs none. Held for some dozen instructions.
class ObjectLock {
public:
    // Null: none is needed.
    class Guard {
    public:
        explicit Guard(ObjectLock* lock) : lock_(lock) {
            if (lock_ != nullptr) {
                lock_->lock();
            }
        }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;
        ~Guard() {
            if (lock_ != nullptr) {
                lock_->unlock();
            }
        }

    private:
        ObjectLock* lock_;
    };

private:
    void lock() {
        KernelLock::change_rank(LockRank::kernel, LockRank::object);
        while (taken_.exchange(true, std::memory_order_acquire)) {
            while (taken_.load(std::memory_order_relaxed)) {
                arch::relax();
            }
        }
    }
    void unlock() {
        taken_.store(false, std::memory_order_release);
        KernelLock::change_rank(LockRank::object, LockRank::kernel);
    }

    std::atomic<bool> taken_ = false;
};

}  // namespace kernel
