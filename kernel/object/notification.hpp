// SPDX-License-Identifier: MIT
// Notification: a word of bits; asynchronous signals.
//
// signal sets bits and never blocks; wait takes all bits, and blocks while there are none. A signal with threads waiting wakes
// the first, which gets the bits. Bound to a thread, its bits also end that thread's receive.
//
// Subscriptions: whenever this notification is signalled, each target is signalled with the subscription's bits, too. That is
// not passed on further by the target, so that circles do no harm.
#pragma once

#include <cstdint>
#include <utility>

#include "kernel/object/object.hpp"
#include "kernel/object/thread_list.hpp"
#include "kernel/result.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "libs/base/list.hpp"

namespace kernel {

class Notification;

// That a notification is signalled, and with which bits, whenever something happens: another notification is signalled, an interrupt
// comes, a bank is nearly used up. It ends with its source or its target.
struct Subscription {
    base::ListLink source_link;  // Notification: those to it
    base::ListLink target_link;
    Notification* source =
        nullptr;  // whose bank has bought it; null: it is a part of what it tells of
    Notification* target = nullptr;  // null: there is none, or no longer
    std::uint64_t bits = 0;

    // From now on, in place of what was before.
    void begin(Notification& to, std::uint64_t which);
    // If it was bought, it is gone.
    void cancel();
};

class Notification final : public Object {
public:
    static constexpr auto kind = ObjectType::notification;

    explicit Notification(Bank& bank) : Object(kind, bank) {}

    void signal(std::uint64_t bits);
    [[nodiscard]] std::uint64_t bits() const { return word_; }
    std::uint64_t take_bits() { return std::exchange(word_, 0); }
    // A thread has just been bound: bits that are there already end its receive.
    void tell_bound() { signal_here(0); }
    void add_waiter(ThreadLinks& thread) { waiters_.push_back(thread); }

    Result<> subscribe(Notification& target, std::uint64_t bits);
    Result<> unsubscribe(Notification& target);
    [[nodiscard]] bool sever(Work& work);

    Thread* bound_thread = nullptr;

private:
    void signal_here(std::uint64_t bits);
    Subscription* find(const Notification& target);

    // For who shares the kernel: word_ and waiters_, and of each thread in it all that its wait is about. Of one that is bound to a
    // thread nobody changes the word who shares the kernel.
    ObjectLock lock_;
    std::uint64_t word_ = 0;
    ThreadQueue waiters_;
    base::List<Subscription, &Subscription::source_link> outgoing_;
    base::List<Subscription, &Subscription::target_link> incoming_;
    friend struct Subscription;
    friend struct FastPath;
    friend class Invariants;
};

}  // namespace kernel
