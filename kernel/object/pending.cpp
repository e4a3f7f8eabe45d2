// SPDX-License-Identifier: MIT
#include "kernel/object/pending.hpp"

#include <utility>

#include "kernel/object/thread.hpp"
#include "kernel/object/work.hpp"

namespace kernel {

constinit DyingList Pending::arrived_;
constinit DyingList Pending::orphans_;
constinit std::uint64_t Pending::threads_ = 0;
constinit bool Pending::any_ = false;

void Pending::continue_call(Thread& thread) {
    threads_ += thread.has_pending_work() ? 0 : 1;
    thread.call_pending = true;
    any_ = true;
}

void Pending::give_up_call(Thread& thread) {
    forget_call(thread);
    thread.call_progress = 0;
}

void Pending::forget_call(Thread& thread) {
    if (std::exchange(thread.call_pending, false)) {
        threads_ -= thread.has_pending_work() ? 0 : 1;
    }
}

void Pending::take_over(Thread& thread) {
    if (!thread.owed.empty()) {
        arrived_.take_all(thread.owed);
        threads_ -= thread.has_pending_work() ? 0 : 1;
    }
}

void Pending::add_to(Thread& thread, DyingList& list) {
    if (!list.empty()) {
        threads_ += thread.has_pending_work() ? 0 : 1;
        thread.owed.take_all(list);
    }
}

void Pending::work() {
    Work work;
    // A thread that takes its own bank apart does not survive it: nothing of it is used here.
    for (Object* object = arrived_.front(); object != nullptr; object = arrived_.front()) {
        if (!object->take_apart(work)) {
            return;
        }
    }
}

void Pending::assign(Thread* thread) {
    if (thread != nullptr) {
        add_to(*thread, arrived_);
    } else {
        orphans_.take_all(arrived_);
    }
}

bool Pending::is_left_for(Thread* thread) {
    if (thread == nullptr) {
        return !orphans_.empty();
    }
    add_to(*thread, orphans_);
    return thread->has_pending_work();
}

// True: it is a call.
bool Pending::take_work_of(Thread* thread) {
    if (thread == nullptr) {
        arrived_.take_all(orphans_);
        return false;
    }
    const bool call = thread->call_pending;
    if (call) {
        forget_call(*thread);
    } else {
        take_over(*thread);
    }
    return call;
}

}  // namespace kernel
