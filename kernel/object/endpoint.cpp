// SPDX-License-Identifier: MIT
#include "kernel/object/endpoint.hpp"

#include "kernel/ipc/ipc.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/thread.hpp"

namespace kernel {

Thread* Endpoint::receiver_for(bool needs_reply) {
    Thread* thread = receivers_.front();
    while (thread != nullptr && needs_reply && thread->waiting.reply == nullptr) {
        thread = receivers_.next(*thread);
    }
    return thread;
}

Thread* Endpoint::sender_for(bool has_reply) {
    Thread* thread = senders_.front();
    while (thread != nullptr && !has_reply && !thread->is_pager() && !thread->is_one_way_sender()) {
        thread = senders_.next(*thread);
    }
    return thread;
}

void Endpoint::add_drop(DropGuard& guard) {
    if (is_dying()) {
        guard.free();
        return;
    }
    if (Thread* receiver = receivers_.front()) {
        ipc::deliver_drop(*receiver, guard);
        receiver->wake_with(Error::ok);
        return;
    }
    drops_.push_back(guard);
}

void Endpoint::add_paged(Memory& memory) {
    memory.next_paged = paged_;
    memory.previous_paged = nullptr;
    if (paged_ != nullptr) {
        paged_->previous_paged = &memory;
    }
    paged_ = &memory;
}

bool Endpoint::sever(Work& work) {
    constexpr std::uint32_t thread_units = 8;
    // Nobody can receive any more; then nobody sends any more; so that what is taken from a queue here does not come back.
    while (Thread* receiver = receivers_.front()) {
        if (!work.take(thread_units)) {
            return false;
        }
        receiver->wake_with(Error::dead);
    }
    while (paged_ != nullptr) {
        if (!paged_->lose_pager(work)) {
            return false;
        }
    }
    while (Thread* user = fault_users_.front()) {
        if (!work.take()) {
            return false;
        }
        user->set_fault_handler(nullptr, 0);
    }
    while (Thread* sender = senders_.front()) {
        if (!work.take(thread_units)) {
            return false;
        }
        if (sender->wait() == Wait::send) {
            sender->wake_with(Error::dead);
        } else if (sender->is_pager()) {
            sender->lose_page();
        } else {
            sender->abandon_fault();
        }
    }
    while (DropGuard* guard = drops_.front()) {
        if (!work.take(2)) {
            return false;
        }
        DropList::remove(*guard);
        guard->free();
    }
    return work.take(2);
}

}  // namespace kernel
