// SPDX-License-Identifier: MIT
// Endpoint: where synchronous messages meet.
//
// Either senders wait (threads in Wait::send or Wait::fault_send) or receivers (Wait::receive), never a sender and a
// receiver that could take its message. A receiver that named no reply object cannot take calls, only one-way messages,
// drops and signals; so both queues can be non-empty, with calls in one and such receivers in the other.
//
// Besides messages it has drop messages to tell (capability/drop_guard.hpp). A receiver is given, in this order: bits of its bound
// notification, drops, messages in the order of arrival.
#pragma once

#include "kernel/capability/drop_guard.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/object.hpp"
#include "kernel/object/thread_list.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "libs/base/list.hpp"

namespace kernel {

class Reply;

class Endpoint final : public Object {
public:
    static constexpr auto kind = ObjectType::endpoint;

    explicit Endpoint(Bank& bank) : Object(kind, bank) {}

    // A waiting receiver which can take this kind of message, or nullptr.
    [[nodiscard]] Thread* receiver_for(bool needs_reply);
    // The first sender whose message can be taken with or without a reply object, or nullptr.
    [[nodiscard]] Thread* sender_for(bool has_reply);

    void add_sender(Thread& thread);
    void add_receiver(ThreadLinks& thread) { receivers_.push_back(thread); }

    // A guard's last copy is gone: tells it now, or when somebody receives.
    void add_drop(DropGuard& guard);
    // Something to receive, besides signals.
    [[nodiscard]] bool has_messages() const { return !senders_.empty() || !drops_.empty(); }
    // The first of the drops, if it came before this sender (nullptr: there is none), else nullptr: who called by a capability that
    // is gone now is heard before its end is.
    [[nodiscard]] DropGuard* take_drop_before(const Thread* sender);

    void add_fault_user(ThreadLinks& thread) { fault_users_.push_back(thread); }
    void add_paged(Memory& memory) { paged_.push_front(memory); }
    // Calls visit(Thread&) for each thread whose request for a page of `memory` waits to be received.
    template <class Visit>
    void for_each_request(const Memory& memory, Visit&& visit) {
        senders_.for_each([&](auto& thread) {
            if (thread.is_pager() && thread.waiting.memory == &memory) {
                visit(thread);
            }
        });
    }
    [[nodiscard]] bool sever(Work& work);

private:
    // For who shares the kernel: receivers_, and of each thread in it all that its wait is about.
    ObjectLock lock_;
    ThreadQueue senders_;
    ThreadQueue receivers_;
    DropList drops_;
    std::uint64_t arrivals_ = 0;  // of senders and drops
    ThreadList<&ThreadLinks::fault_link> fault_users_;
    base::List<Memory, &Memory::paged_link> paged_;  // whose pager this is
    friend struct FastPath;
    friend struct PagePath;
    friend class Invariants;
};

}  // namespace kernel
