// SPDX-License-Identifier: MIT
// Notification: a word of bits; asynchronous signals.
//
// signal sets bits and never blocks; wait takes all bits, and blocks while there are none. A signal with threads waiting wakes
// the first, which gets the bits. Bound to a thread, its bits also end that thread's receive.
//
// Subscriptions: whenever this notification is signalled, each target is signalled with the subscription's bits, too. That is
// not passed on further by the target, so that circles do no harm. A subscription is a block of the source's bank, and goes
// when source or target goes.
#pragma once

#include <cstdint>
#include <utility>

#include "kernel/object/interrupt.hpp"
#include "kernel/object/object.hpp"
#include "kernel/object/thread_list.hpp"
#include "kernel/result.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "libs/base/list.hpp"

namespace kernel {

class Notification;

struct Subscription {
    base::ListLink source_link;
    base::ListLink target_link;
    Notification* source = nullptr;
    Notification* target = nullptr;
    std::uint64_t bits = 0;
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
    static void cancel(Subscription& subscription);

    // For who shares the kernel: word_ and waiters_, and of each thread in it all that its wait is about. Of one that is bound to a
    // thread nobody changes the word who shares the kernel.
    ObjectLock lock_;
    std::uint64_t word_ = 0;
    ThreadQueue waiters_;
    base::List<Subscription, &Subscription::source_link> outgoing_;
    base::List<Subscription, &Subscription::target_link> incoming_;
    base::List<Interrupt, &Interrupt::bound_link> interrupts_;  // those bound to it
    friend class Interrupt;
    friend struct FastPath;
    friend class Invariants;
};

}  // namespace kernel
