// SPDX-License-Identifier: MIT
#include <arch/cpus.hpp>

#include "kernel/debug/hold.hpp"
#include "kernel/debug/invariants.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/futex.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/sched/scheduler.hpp"

namespace kernel {

// ---- threads ----------------------------------------------------------------------------------------------

Invariants::Broken Invariants::check_wait(Thread& thread) {
    const bool blocked = thread.state() == abi::ThreadState::blocked;
    HOLD(blocked == (thread.wait() != Wait::none));
    HOLD(thread.condition_.has_deadline == thread.deadline_node.linked);
    HOLD(blocked || !thread.deadline_node.linked);
    const Reply* reply = thread.waiting.reply;
    switch (thread.wait()) {
        case Wait::none: HOLD(reply == nullptr); break;
        case Wait::reply:
            HOLD(!thread.queue_link.linked());
            HOLD(reply != nullptr && reply->caller == &thread);
            break;
        case Wait::receive:
            HOLD(thread.queue_link.linked());
            HOLD(reply == nullptr || reply->reserved == &thread);
            break;
        default: HOLD(thread.queue_link.linked() && reply == nullptr); break;
    }
    return nullptr;
}

Invariants::Broken Invariants::check_lending(Thread& thread) {
    HOLD(thread.home_context_ == nullptr || thread.home_context_->owner == &thread);
    HOLD(thread.context_ == thread.context_in_force());
    if (thread.lender_ != nullptr) {
        HOLD(thread.lender_->borrower_ == &thread);
        HOLD(thread.lender_->wait() == Wait::reply || thread.lender_->wait() == Wait::pager);
    }
    if (thread.borrower_ != nullptr) {
        HOLD(thread.borrower_->lender_ == &thread);
    }
    return nullptr;
}

Invariants::Broken Invariants::check_thread(Thread& thread, Totals& totals) {
    HOLD_ALL(check_wait(thread));
    HOLD_ALL(check_lending(thread));
    HOLD(thread.state() != abi::ThreadState::ready || !thread.condition_.stopped);
    HOLD((thread.fault_handler_ != nullptr) == thread.fault_link.linked());
    HOLD(thread.bound_notification_ == nullptr ||
         thread.bound_notification_->bound_thread == &thread);
    HOLD(thread.table_link.linked() && thread.space_link.linked() && thread.page_link.linked());
    HOLD((thread.wait() == Wait::futex) == thread.futex_link.linked());
    HOLD(thread.owed.empty() || thread.state() == abi::ThreadState::ready);
    const bool runnable = thread.state() == abi::ThreadState::ready && thread.context_ != nullptr;
    HOLD(runnable || thread.wait() != Wait::none || !thread.queue_link.linked());
    totals.runnable += runnable ? 1 : 0;
    totals.futex_waiters += thread.wait() == Wait::futex ? 1 : 0;
    totals.deadlines += thread.deadline_node.linked ? 1 : 0;
    return nullptr;
}

// ---- where they meet --------------------------------------------------------------------------------------

Invariants::Broken Invariants::check_endpoint(Endpoint& endpoint) {
    bool receiver_with_reply = false;
    for (const Thread* thread = endpoint.receivers_.front(); thread != nullptr;
         thread = endpoint.receivers_.next(*thread)) {
        HOLD(thread->wait() == Wait::receive);
        HOLD(thread->bound_notification_ == nullptr || thread->bound_notification_->bits() == 0);
        receiver_with_reply |= thread->waiting.reply != nullptr;
    }
    const bool receivers = !endpoint.receivers_.empty();
    for (const Thread* thread = endpoint.senders_.front(); thread != nullptr;
         thread = endpoint.senders_.next(*thread)) {
        HOLD(thread->wait() == Wait::send || thread->wait() == Wait::fault_send);
        const bool request = thread->wait() == Wait::fault_send && thread->is_pager();
        HOLD(!thread->is_pager() || request);
        const bool one_way = request || thread->is_one_way_sender();
        HOLD(one_way ? !receivers : !receiver_with_reply);
        HOLD(!request || (thread->waiting.memory->pager_ == &endpoint &&
                          thread->waiting.address < thread->waiting.memory->pages_));
    }
    HOLD(endpoint.drops_.empty() || !receivers);
    for (const DropGuard* guard = endpoint.drops_.front(); guard != nullptr;
         guard = endpoint.drops_.next(*guard)) {
        HOLD(guard->target_ == &endpoint && guard->copies_ == 0);
    }
    for (const Thread* thread = endpoint.fault_users_.front(); thread != nullptr;
         thread = endpoint.fault_users_.next(*thread)) {
        HOLD(thread->fault_handler_ == &endpoint);
    }
    for (const Memory* memory = endpoint.paged_.front(); memory != nullptr;
         memory = endpoint.paged_.next(*memory)) {
        HOLD(memory->pager_ == &endpoint);
    }
    return nullptr;
}

Invariants::Broken Invariants::check_notification(Notification& notification) {
    HOLD(notification.bits() == 0 || notification.waiters_.empty());
    for (const Thread* thread = notification.waiters_.front(); thread != nullptr;
         thread = notification.waiters_.next(*thread)) {
        HOLD(thread->wait() == Wait::notification);
    }
    HOLD(notification.bound_thread == nullptr ||
         notification.bound_thread->bound_notification_ == &notification);
    for (const Subscription* item = notification.outgoing_.front(); item != nullptr;
         item = notification.outgoing_.next(*item)) {
        HOLD(item->source == &notification && item->target_link.linked());
    }
    for (const Subscription* item = notification.incoming_.front(); item != nullptr;
         item = notification.incoming_.next(*item)) {
        HOLD(item->target == &notification);
        HOLD(item->source_link.linked() == (item->source != nullptr));
    }
    return nullptr;
}

Invariants::Broken Invariants::check_reply(Reply& reply) {
    HOLD(reply.caller == nullptr || reply.reserved == nullptr);
    HOLD(reply.caller == nullptr ||
         (reply.caller->wait() == Wait::reply && reply.caller->waiting.reply == &reply));
    HOLD(reply.reserved == nullptr ||
         (reply.reserved->wait() == Wait::receive && reply.reserved->waiting.reply == &reply));
    return nullptr;
}

bool Invariants::lives(const Object* wanted) {
    Object* object = first_object();
    while (object != nullptr && object != wanted) {
        object = next_object(*object);
    }
    return object != nullptr;
}

Invariants::Broken Invariants::check_futexes(const Totals& totals) {
    std::uint64_t waiters = 0;
    for (const ThreadQueue& queue : futex::queues()) {
        for (const Thread* thread = queue.front(); thread != nullptr;
             thread = queue.next(*thread)) {
            ++waiters;
            HOLD(waiters <= totals.futex_waiters && thread->wait() == Wait::futex);
            HOLD(futex::belongs_in(queue, *thread) && lives(thread->waiting.memory));
        }
    }
    HOLD(waiters == totals.futex_waiters);
    return nullptr;
}

// ---- who runs ---------------------------------------------------------------------------------------------

Invariants::Broken Invariants::check_context(SchedContext& context, Totals& totals) {
    HOLD(context.owner == nullptr || context.owner->home_context_ == &context);
    HOLD((context.throttled != nullptr) == context.release_node.linked);
    if (const Thread* thread = context.throttled; thread != nullptr) {
        ++totals.throttled;
        HOLD(thread->state() == abi::ThreadState::ready && thread->context_ == &context);
        HOLD(!thread->queue_link.linked());
    }
    return nullptr;
}

Invariants::Broken Invariants::check_scheduler(const Scheduler& cpu, const Totals& totals,
                                               Scheduled& seen) {
    int highest = -1;
    for (std::size_t priority = 0; priority < cpu.queues_.size(); ++priority) {
        const ThreadQueue& queue = cpu.queues_[priority];
        const bool marked = (cpu.bitmap_[priority / 64] >> (priority % 64) & 1) != 0;
        HOLD(marked == !queue.empty());
        highest = marked ? static_cast<int>(priority) : highest;
        for (const Thread* thread = queue.front(); thread != nullptr;
             thread = queue.next(*thread)) {
            ++seen.queued;
            HOLD(thread->state() == abi::ThreadState::ready && thread != cpu.current());
            HOLD(thread->context_ != nullptr && thread->context_->priority == priority);
            HOLD(thread->cpu_ == &cpu);
        }
    }
    HOLD(cpu.highest_ == highest);
    HOLD(cpu.preferred_ == nullptr);
    const Thread* current = cpu.current();
    HOLD(current == nullptr ||
         (current->state() == abi::ThreadState::ready && current->cpu_ == &cpu));
    const SchedContext* context = current != nullptr ? current->context_ : nullptr;
    // Another CPU may have been given something to decide, which it has not come to yet.
    const bool has_decided = cpu.is_this_cpu() || !cpu.decide_;
    HOLD(!has_decided || (cpu.charged_ == context && (current == nullptr || context != nullptr)));
    seen.running += context != nullptr ? 1 : 0;
    bool deadlines_are_its_own = true;
    cpu.deadlines_.for_each([&](const Thread& thread) {
        ++seen.deadlines;
        deadlines_are_its_own = deadlines_are_its_own && thread.cpu_ == &cpu;
    });
    HOLD(deadlines_are_its_own && seen.deadlines <= totals.deadlines);
    return nullptr;
}

Invariants::Broken Invariants::check_schedulers(const Totals& totals) {
    Scheduled seen;
    for (std::size_t i = 0; i < arch::cpu_count(); ++i) {
        HOLD_ALL(check_scheduler(scheduler_of(i), totals, seen));
    }
    HOLD(seen.queued + totals.throttled + seen.running == totals.runnable);
    HOLD(seen.deadlines == totals.deadlines);
    return nullptr;
}

}  // namespace kernel
