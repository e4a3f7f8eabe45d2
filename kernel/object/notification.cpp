// SPDX-License-Identifier: MIT
#include "kernel/object/notification.hpp"

#include <new>

#include "kernel/ipc/ipc.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/thread.hpp"

namespace kernel {

void Notification::signal(std::uint64_t bits) {
    signal_here(bits);
    outgoing_.for_each(
        [](Subscription& subscription) { subscription.target->signal_here(subscription.bits); });
}

void Notification::signal_here(std::uint64_t bits) {
    word_ |= bits;
    if (word_ == 0) {
        return;
    }
    if (Thread* waiter = waiters_.front()) {
        waiter->word(0) = take_bits();
        waiter->wake_with(Error::ok);
    } else if (bound_thread != nullptr && bound_thread->wait() == Wait::receive) {
        ipc::deliver_signal(*bound_thread, take_bits());
        bound_thread->wake_with(Error::ok);
    }
}

Subscription* Notification::find(const Notification& target) {
    return outgoing_.find([&](const auto& subscription) { return subscription.target == &target; });
}

Result<> Notification::subscribe(Notification& target, std::uint64_t bits) {
    Subscription* subscription = find(target);
    if (subscription == nullptr) {
        subscription = new (TRY(bank().buy_block(sizeof(Subscription)))) Subscription();
        subscription->source = this;
        outgoing_.push_back(*subscription);
    }
    subscription->begin(target, bits);
    if (word_ != 0) {
        target.signal_here(bits);
    }
    return {};
}

Result<> Notification::unsubscribe(Notification& target) {
    Subscription* subscription = find(target);
    TRY(refuse_if(subscription == nullptr, Error::invalid_argument));
    subscription->cancel();
    return {};
}

void Subscription::begin(Notification& to, std::uint64_t which) {
    target_link.unlink_if_linked();
    to.incoming_.push_back(*this);
    target = &to;
    bits = which;
}

void Subscription::cancel() {
    target_link.unlink_if_linked();
    target = nullptr;
    if (source != nullptr) {
        source_link.unlink();
        source->bank().return_block(this, sizeof(Subscription));
    }
}

bool Notification::sever(Work& work) {
    if (bound_thread != nullptr) {
        bound_thread->bind_notification(nullptr);
    }
    const auto cancel = [](Subscription& subscription) { subscription.cancel(); };
    return end_each(waiters_, work, 8, [](Thread& waiter) { waiter.wake_with(Error::dead); }) &&
           end_each(outgoing_, work, 2, cancel) && end_each(incoming_, work, 2, cancel) &&
           work.take(2);
}

}  // namespace kernel
