// SPDX-License-Identifier: MIT
// Scheduler: who runs on one CPU.
//
// 256 priorities, each with a queue, and a bitmap of those that are not empty. Inside the kernel a thread that becomes ready
// only enters its queue (or, as the partner of a message, is remembered to be switched to at once); the decision is
// taken once, in `finish`, when the kernel is left. The running thread is in no queue.
//
// Time. There is no tick. The one-shot timer is armed for the earliest of: a thread's deadline, the end of a budget or of a
// throttled context's period, and, if somebody of the same priority waits, the end of the time slice. It is never put off
// or disarmed: one that comes too early finds nothing to do and arms it anew. So a switch need not touch it as long as it
// is armed for no later than the slice's end.
//
// One Scheduler per CPU (arch::Cpu::portable). Nothing in it is touched by another CPU.
#pragma once

#include <array>
#include <cstdint>

#include <arch/cpu.hpp>
#include "kernel/object/address_space.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/object/thread_list.hpp"
#include "kernel/types.hpp"
#include "libs/base/ordered_tree.hpp"

namespace kernel {

class Scheduler {
public:
    static constexpr Nanoseconds time_slice = 5'000'000;

    // The thread on the CPU, as long as it is ready to go on; null while idle.
    [[nodiscard]] Thread* current() const { return left_ ? nullptr : on_cpu(); }

    // The thread became ready.
    void enqueue(Thread& thread, bool at_front = false);
    // The thread is no longer ready (blocks, stops, dies).
    void dequeue(Thread& thread);
    // `thread`, just made ready, shall run at once if nobody more important is ready.
    void prefer(Thread& thread);
    // The running thread gives way to others of its priority.
    void yield();

    void add_deadline(Thread& thread);
    void remove_deadline(Thread& thread);

    // A context gets out of use: it must not wait in the release tree.
    void forget(SchedContext& context);
    void forget(Thread& thread);
    // The effective context of a ready or running thread is about to change, or has changed.
    void before_context_change(Thread& thread);
    void after_context_change(Thread& thread);
    // Brings the running context's consumption up to date.
    void charge_current();

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
    // Enters a ready thread to which that applies.
    void add_quietly(Thread& thread) { add_to_queue(thread); }
    // Who goes on if the running thread blocks; null if that takes a look at budgets, timer or idling.
    [[nodiscard]] Thread* successor() const {
        if (highest_ < 0 || charged_ == nullptr) {
            return nullptr;
        }
        const ThreadQueue& queue = queues_[static_cast<std::size_t>(highest_)];
        Thread& next = queue.first();
        const bool alone = queue.next(next) == nullptr;
        const bool simple =
            next.context_->is_unlimited() && (alone || timer_armed_for_ <= slice_end_);
        return simple ? &next : nullptr;
    }
    // The running thread has blocked; its successor has the CPU.
    void hand_over(Thread& successor);

private:
    friend class Invariants;
    struct DeadlineKey {
        Nanoseconds when;
        std::uint64_t tie;
        friend auto operator<=>(const DeadlineKey&, const DeadlineKey&) = default;
    };
    struct DeadlineOf {
        static DeadlineKey key(const Thread& thread) {
            return {thread.deadline, reinterpret_cast<std::uint64_t>(&thread)};
        }
    };
    struct ReleaseOf {
        static DeadlineKey key(const SchedContext& context) {
            return {context.release_at, reinterpret_cast<std::uint64_t>(&context)};
        }
    };

    void decide();
    void find_highest();
    void add_to_queue(Thread& thread, bool at_front = false);
    void remove_from_queue(Thread& thread);
    Thread* take_highest();
    void throttle(Thread& thread);
    [[nodiscard]] static Nanoseconds allowance(Thread& thread, Nanoseconds now);
    void update_timer(const Thread* next, Nanoseconds now, Nanoseconds allowed);
    Thread* choose(Nanoseconds now);
    bool switch_to_partner();

    // Whose registers the CPU holds: kept by the CPU itself, so that a message switches by changing that alone. Null: idle, or
    // it has died.
    [[nodiscard]] static Thread* on_cpu() { return static_cast<Thread*>(arch::current()); }

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
    base::OrderedTree<Thread, &Thread::deadline_node, DeadlineOf> deadlines_;
    base::OrderedTree<SchedContext, &SchedContext::release_node, ReleaseOf> releases_;
};

// This CPU's.
Scheduler& scheduler();
void initialise_scheduler();

}  // namespace kernel
