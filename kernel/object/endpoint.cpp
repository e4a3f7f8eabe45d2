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
    if (dead_) {
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

void Endpoint::sever() {
    dead_ = true;
    while (Thread* sender = senders_.front()) {
        if (sender->wait() == Wait::send) {
            sender->wake_with(Error::dead);
        } else if (sender->is_pager()) {
            sender->lose_page();
        } else {
            sender->abandon_fault();
        }
    }
    while (Thread* receiver = receivers_.front()) {
        receiver->wake_with(Error::dead);
    }
    while (DropGuard* guard = drops_.pop_front()) {
        guard->free();
    }
    while (Thread* user = fault_users_.front()) {
        user->set_fault_handler(nullptr, 0);
    }
    while (paged_ != nullptr) {
        paged_->lose_pager();
    }
}

}  // namespace kernel
