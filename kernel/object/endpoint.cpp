// SPDX-License-Identifier: MIT
#include "kernel/object/endpoint.hpp"

#include "kernel/ipc/ipc.hpp"
#include "kernel/object/thread.hpp"

namespace kernel {

Thread* Endpoint::receiver_for(bool needs_reply) {
    return receivers_.find([needs_reply](const Thread& thread) {
        return !needs_reply || thread.waiting.reply != nullptr;
    });
}

Thread* Endpoint::sender_for(bool has_reply) {
    return senders_.find([has_reply](const Thread& thread) {
        return has_reply || thread.is_pager() || thread.is_one_way_sender();
    });
}

void Endpoint::add_sender(Thread& thread) {
    thread.waiting.arrival = ++arrivals_;
    senders_.push_back(thread);
}

DropGuard* Endpoint::take_drop_before(const Thread* sender) {
    const DropGuard* drop = drops_.front();
    const bool is_first =
        drop != nullptr && (sender == nullptr || drop->arrival < sender->waiting.arrival);
    return is_first ? drops_.pop_front() : nullptr;
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
    guard.arrival = ++arrivals_;
    drops_.push_back(guard);
}

bool Endpoint::sever(Work& work) {
    constexpr std::uint32_t thread_units = 8;
    // Nobody can receive any more; then nobody sends any more; so that what is taken from a queue here does not come back.
    if (!end_each(receivers_, work, thread_units,
                  [](Thread& receiver) { receiver.wake_with(Error::dead); })) {
        return false;
    }
    while (Memory* memory = paged_.front()) {
        if (!memory->lose_pager(work)) {
            return false;
        }
    }
    const auto lose = [](Thread& sender) {
        if (sender.wait() == Wait::send) {
            sender.wake_with(Error::dead);
        } else if (sender.is_pager()) {
            sender.lose_page();
        } else {
            sender.abandon_fault();
        }
    };
    const auto forget = [](DropGuard& guard) {
        DropList::remove(guard);
        guard.free();
    };
    return end_each(fault_users_, work, 1,
                    [](Thread& user) { user.set_fault_handler(nullptr, 0); }) &&
           end_each(senders_, work, thread_units, lose) && end_each(drops_, work, 2, forget) &&
           work.take(2);
}

}  // namespace kernel
