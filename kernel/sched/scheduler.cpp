// SPDX-License-Identifier: MIT
#include "kernel/sched/scheduler.hpp"

#include <algorithm>
#include <bit>

#include <arch/fpu.hpp>

#include "kernel/object/address_space.hpp"
#include "kernel/plat/platform.hpp"
#include "kernel/sched/kernel_lock.hpp"

namespace kernel {

constinit std::uint64_t Scheduler::idle_ = 0;

Scheduler& scheduler() { return *static_cast<Scheduler*>(arch::this_cpu().portable); }

// ---- the run queues ---------------------------------------------------------------------------------------

// Its queues are those of this CPU, which is in the kernel, or this CPU is alone there.
void Scheduler::check_may_change() const {
    ASSERT(CLUU_DEBUG == 0 || !KernelLock::many() || scheduler().is_alone() ||
           (is_this_cpu() && shares()));
}

void Scheduler::find_highest() {
    highest_ = -1;
    for (int word = 3; word >= 0 && highest_ < 0; --word) {
        if (bitmap_[word] != 0) {
            highest_ = word * 64 + 63 - std::countl_zero(bitmap_[word]);
        }
    }
}

void Scheduler::remove_from_queue(Thread& thread) {
    check_may_change();
    ThreadQueue::remove(thread);
    const std::uint8_t priority = thread.context_->priority;
    if (queues_[priority].empty()) {
        bitmap_[priority / 64] &= ~(std::uint64_t{1} << (priority % 64));
        find_highest();
    }
}

void Scheduler::add_to_queue(Thread& thread, bool at_front) {
    check_may_change();
    const std::uint8_t priority = thread.context_->priority;
    if (at_front) {
        queues_[priority].push_front(thread);
    } else {
        thread.context_->end_slice();
        queues_[priority].push_back(thread);
    }
    bitmap_[priority / 64] |= std::uint64_t{1} << (priority % 64);
    highest_ = std::max(highest_, int{priority});
}

void Scheduler::enqueue(Thread& thread) {
    if (thread.context_ == nullptr || &thread == current() || &thread == preferred_ ||
        thread.queue_link.linked()) {
        return;
    }
    thread.cpu_ = this;
    add_to_queue(thread);
    if (KernelLock::many() || !is_indifferent_to(thread)) {
        wake();
    }
}

Thread* Scheduler::take_highest() {
    if (highest_ < 0) {
        return nullptr;
    }
    Thread* thread = queues_[static_cast<std::size_t>(highest_)].front();
    remove_from_queue(*thread);
    thread->context_->begin_slice(time_slice);
    return thread;
}

void Scheduler::dequeue(Thread& thread) {
    if (&thread == current()) {
        left_ = true;
        decide_ = true;
    } else if (&thread == preferred_) {
        preferred_ = nullptr;
    } else if (thread.state() == abi::ThreadState::ready && thread.queue_link.linked()) {
        remove_from_queue(thread);
    } else if (thread.context_ != nullptr && thread.context_->throttled == &thread) {
        forget(*thread.context_);
    }
}

void Scheduler::prefer(Thread& thread) {
    if (thread.context_ == nullptr) {
        return;
    }
    if (Thread* before = preferred_; before != nullptr && before != &thread) {
        preferred_ = nullptr;
        enqueue(*before);
    }
    thread.cpu_ = this;
    preferred_ = &thread;
    decide_ = true;
}

void Scheduler::yield() {
    slice_end_ = 0;
    decide_ = true;
    time_dirty_ = true;
}

// ---- contexts ---------------------------------------------------------------------------------------------

void Scheduler::before_context_change(Thread& thread) {
    if (&thread != current() && &thread != preferred_) {
        dequeue(thread);
    }
}

void Scheduler::after_context_change(Thread& thread) {
    if (&thread == current() || &thread == preferred_) {
        wake();
    } else if (thread.state() == abi::ThreadState::ready) {
        enqueue(thread);
    }
}

void Scheduler::forget(SchedContext& context) {
    for_each_scheduler([&](Scheduler& cpu) { cpu.forget_here(context); });
}

void Scheduler::forget_here(SchedContext& context) {
    if (context.release_node.linked && context.throttled->cpu_ == this) {
        releases_.remove(context);
        context.throttled = nullptr;
    }
    if (charged_ == &context) {
        charged_ = nullptr;
    }
}

void Scheduler::forget(Thread& thread) {
    dequeue(thread);
    if (on_cpu() == &thread) {
        hardware_->current = nullptr;
        decide_ = true;
    }
}

void Scheduler::charge_all() {
    const Nanoseconds now = plat::clock_now();
    for_each_scheduler([now](Scheduler& cpu) { cpu.charge_current(now); });
}

void Scheduler::charge_current(Nanoseconds now) {
    if (charged_ == nullptr || now < charged_since_) {
        return;
    }
    charged_->charge(now - charged_since_);
    charged_since_ = now;
}

// How long it may run from now on; 0: not before its context is released.
Nanoseconds Scheduler::allowance(Thread& thread, Nanoseconds now) {
    SchedContext& context = *thread.context_;
    const Nanoseconds left = context.remaining(now);
    if (left != 0) {
        context.overdrawn = false;
        return left;
    }
    if (&thread == context.owner) {
        return 0;
    }
    if (!context.overdrawn) {
        context.overdrawn = true;
        context.grace_end = context.consumed + SchedContext::grace;
    }
    return context.grace_end - std::min(context.consumed, context.grace_end);
}

void Scheduler::throttle(Thread& thread) {
    SchedContext& context = *thread.context_;
    context.throttled = &thread;
    context.release_at = context.refilled_at();
    releases_.insert(context);
}

// ---- time -------------------------------------------------------------------------------------------------

void Scheduler::add_deadline(Thread& thread) {
    deadlines_.insert(thread);
    decide_ = true;
    time_dirty_ = true;
}

void Scheduler::remove_deadline(Thread& thread) { deadlines_.remove(thread); }

void Scheduler::on_timer() {
    timer_armed_for_ = never;
    decide_ = true;
    time_dirty_ = true;
    const Nanoseconds now = plat::clock_now();
    while (Thread* thread = deadlines_.first()) {
        if (thread->deadline > now) {
            break;
        }
        thread->wake_with(Error::timed_out);
    }
    while (SchedContext* context = releases_.first()) {
        if (context->release_at > now) {
            break;
        }
        Thread* thread = context->throttled;
        forget_here(*context);
        place(*thread);
    }
}

void Scheduler::update_timer(const Thread* next, Nanoseconds now, Nanoseconds allowed) {
    Nanoseconds when = never;
    if (const Thread* thread = deadlines_.first()) {
        when = thread->deadline;
    }
    if (const SchedContext* context = releases_.first()) {
        when = std::min(when, context->release_at);
    }
    if (next != nullptr) {
        if (allowed != SchedContext::unlimited) {
            when = std::min(when, now + allowed);
        }
        if (!queues_[next->context_->priority].empty()) {
            when = std::min(when, now < slice_end_ ? slice_end_ : slice_end_ + call_grace);
        }
    }
    if (when < timer_armed_for_) {
        timer_armed_for_ = when;
        plat::arm_timer(when);
    }
}

// ---- the decision -----------------------------------------------------------------------------------------

// Whose slice is over goes behind all others of its priority. All others go on before those.
[[gnu::always_inline]] inline Thread* Scheduler::choose() {
    const auto priority_of = [](const Thread* thread) {
        return thread != nullptr && thread->context_ != nullptr ? int{thread->context_->priority}
                                                                : -1;
    };
    Thread* const before = current();
    Thread* const preferred = preferred_;
    const int best = std::max(highest_, priority_of(before));
    left_ = true;
    preferred_ = nullptr;
    if (preferred == nullptr && best >= 0 && priority_of(before) == best &&
        (has_slice(*before) || highest_ < best)) {
        if (highest_ < best) {
            before->context_->begin_slice(time_slice);
        }
        return before;
    }
    for (Thread* thread : {before, preferred}) {
        if (priority_of(thread) >= 0) {
            if (thread == preferred && priority_of(thread) >= best && has_slice(*thread)) {
                return thread;
            }
            add_to_queue(*thread, has_slice(*thread));
        }
    }
    return take_highest();
}

// The common case of a message: the running thread waits, its partner goes on with the same scheduling context, and nothing
// else has happened. Then neither the accounts nor the timer change.
template <bool Many>
inline bool Scheduler::switch_to_partner() {
    Thread* next = preferred_;
    if (current() != nullptr || next == nullptr || time_dirty_ || next->context_ != charged_ ||
        highest_ > int{charged_->priority}) {
        return false;
    }
    preferred_ = nullptr;
    decide_ = false;
    left_ = false;
    if (next != on_cpu()) {
        switch_to<Many>(next);
    }
    return true;
}

void Scheduler::hand_over(Thread& successor) {
    remove_from_queue(successor);
    const Nanoseconds now = plat::clock_now();
    charged_->charge(now - charged_since_);
    charged_since_ = now;
    charged_ = successor.context_;
    slice_end_ = now + time_slice;
}

template <bool Many>
inline void Scheduler::switch_to(Thread* next) {
    Thread* before = on_cpu();
    if constexpr (Many) {
        if (before != nullptr) {
            arch::fpu_leave(*before);
        }
    }
    arch::switch_thread(before, next);
}

void Scheduler::decide() {
    KernelLock::check_held();
    if (KernelLock::many()) [[unlikely]] {
        decide_for<true>();
    } else {
        decide_for<false>();
    }
}

template <bool Many>
inline void Scheduler::decide_for() {
    if (switch_to_partner<Many>()) {
        return;
    }
    const Nanoseconds now = plat::clock_now();
    if (charged_ != nullptr) {
        charged_->charge(now - charged_since_);
        charged_->rest_of_slice = static_cast<std::int64_t>(slice_end_ - now);
    }
    charged_since_ = now;
    Thread* next = choose();
    Nanoseconds allowed = 0;
    for (;;) {
        if (Many && next == nullptr) {
            next = steal();
        }
        allowed = next != nullptr ? allowance(*next, now) : SchedContext::unlimited;
        if (allowed != 0) {
            break;
        }
        throttle(*next);
        next = take_highest();
    }
    if constexpr (Many) {
        const std::uint64_t mine = std::uint64_t{1} << hardware_->id;
        idle_ = next == nullptr ? idle_ | mine : idle_ & ~mine;
        spread();
    }
    // An answer to the owner of an overdrawn context, or of one beyond its slice, needs a decision: it may not go on.
    decide_ = next != nullptr && (next->context_->overdrawn || next->context_->rest_of_slice <= 0);
    if (decide_ && next->context_->owner != nullptr) {
        next->context_->owner->condition_.overdrawn = true;  // so it goes the long way
    }
    time_dirty_ = decide_;
    left_ = false;
    charged_ = next != nullptr ? next->context_ : nullptr;
    if (charged_ != nullptr) {
        slice_end_ = now + static_cast<Nanoseconds>(charged_->rest_of_slice);
    }
    update_timer(next, now, allowed);
    if (next != on_cpu()) {
        switch_to<Many>(next);
    }
}

}  // namespace kernel
