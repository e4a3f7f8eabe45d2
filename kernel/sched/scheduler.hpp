// SPDX-License-Identifier: MIT
// Scheduler: who runs on one CPU.
//
// 256 priorities, each with a queue, and a bitmap of those that are not empty. Inside the kernel a thread that becomes ready
// only enters its queue (or, as the partner of a message, is remembered to be switched to at once); the decision is
// taken once, in `finish`, when the kernel is left. The running thread is in no queue.
//
// Slices. Equals take turns (`choose`); what is left of a slice goes with its context. A slice that ends within a call goes on until
// the answer, for a grace (docs/decisions/slices-end-between-calls.md).
//
// Time. There is no tick. The one-shot timer is armed for the earliest of: a thread's deadline, the end of a budget or of a
// throttled context's period, and, if somebody of the same priority waits, the end of the time slice. It is never put off
// or disarmed: one that comes too early finds nothing to do and arms it anew. So a switch need not touch it as long as it
// is armed for no later than the slice's end.
//
// CPUs. There is one Scheduler for each (arch::Cpu::portable), and each thread belongs to one (Thread::cpu_): the one in whose
// queue, deadline or release tree it is, on whose CPU it runs, or did last. A CPU that is alone in the kernel may touch all of
// them, and one that shares it (kernel_lock.hpp) its own. A thread that becomes ready goes to its CPU, or, if that is busy, to one that
// idles; a partner of a message comes to the CPU of whoever wakes it; a CPU that finds its own queues empty takes from others.
// A CPU that has been given something to do is told by an interrupt.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include <arch/cpu.hpp>
#include <arch/cpus.hpp>
#include "kernel/object/address_space.hpp"
#include "kernel/object/pending.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/object/thread_list.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "kernel/types.hpp"
#include "libs/base/ordered_tree.hpp"

namespace kernel {

class Scheduler {
public:
    static constexpr Nanoseconds time_slice = 2'000'000;
    // A slice that ends within a call is so much longer at most: others may wait for the server.
    static constexpr std::int64_t call_grace = 1'000'000;

    void initialise(arch::Cpu& hardware) { hardware_ = &hardware; }

    // The thread on the CPU, as long as it is ready to go on; null while idle.
    [[nodiscard]] Thread* current() const { return left_ ? nullptr : on_cpu(); }

    // The thread became ready, and its own CPU or one that idles shall run it.
    static void place(Thread& thread) {
        if (KernelLock::many()) [[unlikely]] {
            place_among_many(thread);
        } else {
            thread.cpu_->enqueue(thread);
        }
    }
    // It shall run on this CPU.
    void enqueue(Thread& thread);
    // The thread is no longer ready (blocks, stops, dies).
    void dequeue(Thread& thread);
    // `thread`, just made ready, shall run at once if nobody more important is ready.
    void prefer(Thread& thread);
    // The running thread gives way to others of its priority.
    void yield();

    void add_deadline(Thread& thread);
    void remove_deadline(Thread& thread);

    // A context gets out of use: it must not wait in the release tree of any CPU.
    static void forget(SchedContext& context);
    void forget(Thread& thread);
    // The effective context of a ready or running thread is about to change, or has changed.
    void before_context_change(Thread& thread);
    void after_context_change(Thread& thread);
    // Brings the consumption of all contexts that run up to date.
    static void charge_all();

    // The timer's interrupt came.
    void on_timer();

    // Leaves the kernel: chooses who runs and switches to it.
    void finish() {
        if (decide_) {
            decide();
        }
    }

    // ---- for messages and signals that go straight through (ipc/fast_path.hpp)
    // If this thread became ready, would the running one just go on, the timer as it is?
    [[nodiscard]] bool is_indifferent_to(const Thread& thread) const {
        const SchedContext* context = thread.context_;
        if (context == nullptr || charged_ == nullptr) {
            return false;
        }
        return context->priority < charged_->priority ||
               (context->priority == charged_->priority && timer_armed_for_ <= slice_end_);
    }
    // Some CPU has nothing to do.
    [[nodiscard]] static bool any_idle() { return idle_ != 0; }
    // Enters a ready thread to which that applies.
    void add_quietly(Thread& thread) { add_to_queue(thread); }
    // Who goes on if the running thread blocks; null if that takes a look at budgets, timer or idling.
    [[nodiscard]] Thread* successor() const {
        if (highest_ < 0 || charged_ == nullptr) {
            return nullptr;
        }
        Thread& next = queues_[static_cast<std::size_t>(highest_)].first();
        if (!next.context_->is_unlimited() || Pending::any() ||
            (!ThreadQueue::is_alone(next) && timer_armed_for_ > slice_end_)) {
            return nullptr;
        }
        return &next;
    }
    // The running thread has blocked; its successor has the CPU.
    [[gnu::always_inline]] void hand_over(Thread& successor);

    // ---- with several CPUs, for whoever holds the lock

    // Makes the thread stand still, wherever it runs, between two instructions, with all its registers in memory. A system call
    // that it has begun, and that has had no effect yet, begins again when it goes on.
    static void settle(Thread& thread);
    // The same, and it no longer is what its CPU runs, if that is another than this.
    static void take_off(Thread& thread);
    // Translations of this address space have changed that other CPUs may have cached: they are void when this returns.
    static void flush_elsewhere(PhysAddr root);
    // The page tables are about to go: no CPU stands on them when this returns.
    static void leave_space(PhysAddr root);
    // Nothing has happened to this CPU's queues since it was in the kernel last.
    [[nodiscard]] bool is_settled() const { return !decide_; }

    // ---- for KernelLock
    [[nodiscard]] bool is_alone() const { return visit_.load() == Visit::holding; }
    [[nodiscard]] bool shares() const { return visit_.load() == Visit::sharing; }
    void begin_sharing() { visit_.store(Visit::sharing); }
    void begin_waiting(std::uint8_t rewind);
    void wait_a_moment();
    [[nodiscard]] bool must_leave_space() const { return must_leave_space_.load(); }
    void begin_visit();
    [[nodiscard]] bool take_void_event() { return std::exchange(event_is_void_, false); }
    void end_visit() { visit_.store(Visit::away, std::memory_order_release); }
    LockRank lock_rank = LockRank::none;  // in a debug build

private:
    friend class Invariants;
    void decide();
    enum class Visit : std::uint8_t { away, waiting, sharing, holding };  // kernel_lock.hpp

    void forget_here(SchedContext& context);
    void charge_current(Nanoseconds now);
    [[nodiscard]] bool is_idle() const {
        return current() == nullptr && preferred_ == nullptr && highest_ < 0;
    }
    [[nodiscard]] bool is_this_cpu() const;
    void check_may_change() const;
    // Something is to be decided there.
    void wake() {
        if (KernelLock::many()) [[unlikely]] {
            wake_among_many();
        }
        decide_ = true;
        time_dirty_ = true;
    }
    void wake_among_many();
    static void place_among_many(Thread& thread);
    void bring_in();
    void void_event(Thread& thread);
    // The most important thread that waits for another CPU; null: none.
    Thread* steal();
    static void spread();

    void find_highest();
    void add_to_queue(Thread& thread, bool at_front = false);
    void remove_from_queue(Thread& thread);
    Thread* take_highest();
    void throttle(Thread& thread);
    [[nodiscard]] static Nanoseconds allowance(Thread& thread, Nanoseconds now);
    void update_timer(const Thread* next, Nanoseconds now, Nanoseconds allowed);
    // May it go on before others of its priority?
    [[nodiscard]] static bool has_slice(const Thread& thread) {
        return thread.context_->rest_of_slice > (thread.lender_ != nullptr ? -call_grace : 0);
    }
    Thread* choose();
    // Many: with several CPUs. So one CPU does not pay for them.
    template <bool Many>
    void decide_for();
    template <bool Many>
    bool switch_to_partner();
    template <bool Many>
    void switch_to(Thread* next);

    // Whose registers the CPU holds: kept by the CPU itself, so that a message switches by changing that alone. Null: idle, or
    // it has died.
    [[nodiscard]] Thread* on_cpu() const { return static_cast<Thread*>(hardware_->current); }

    // Which CPUs idle, as bits. Changed by who is alone, read by all.
    static constinit std::uint64_t idle_;

    // Written at each visit, and read by who wants to be alone: nothing else of this CPU's is in the same cache line.
    alignas(64) std::atomic<Visit> visit_ = Visit::away;
    std::atomic<bool> must_leave_space_ =
        false;                 // for a CPU that waits: go to the kernel's own page tables
    bool told_ = false;        // an interrupt is on its way there
    bool must_flush_ = false;  // cached translations of user pages are void when the wait is over
    bool event_is_void_ = false;  // so is what it came for
    std::uint8_t rewind_ = 0;     // see KernelLock::enter

    alignas(64) arch::Cpu* hardware_ = nullptr;
    bool left_ = false;  // the thread on the CPU is no longer ready, or was not chosen
    Thread* preferred_ = nullptr;
    SchedContext* charged_ = nullptr;  // what the time since charged_since_ is charged to
    Nanoseconds charged_since_ = 0;
    Nanoseconds slice_end_ = 0;
    static constexpr Nanoseconds never = ~Nanoseconds{0};
    Nanoseconds timer_armed_for_ = never;
    bool decide_ = true;      // something happened that may change who runs
    bool time_dirty_ = true;  // something happened that may change when the timer is wanted

    std::array<ThreadQueue, 256> queues_;
    std::array<std::uint64_t, 4> bitmap_{};
    int highest_ = -1;  // priority of the most important thread in a queue; -1: none
    base::OrderedTree<Thread, &Thread::deadline_node, &Thread::deadline> deadlines_;
    base::OrderedTree<SchedContext, &SchedContext::release_node, &SchedContext::release_at>
        releases_;
};

// This CPU's.
Scheduler& scheduler();
Scheduler& scheduler_of(std::size_t cpu);
// Calls visit(Scheduler&) for that of each CPU.
template <class Visit>
void for_each_scheduler(Visit&& visit) {
    for (std::size_t i = 0; i < arch::cpu_count(); ++i) {
        visit(scheduler_of(i));
    }
}
inline bool Scheduler::is_this_cpu() const { return !KernelLock::many() || this == &scheduler(); }
// One for each CPU. Only the boot CPU's is used until start_schedulers, which a thread asks for; then the boot CPU holds the lock.
void initialise_schedulers();
void start_schedulers();
// The other CPUs begin here, and idle when they come back.
void join_schedulers();

}  // namespace kernel
