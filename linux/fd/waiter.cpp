// SPDX-License-Identifier: MIT
#include "linux/fd/waiter.hpp"

#include <algorithm>
#include <vector>

#include "interfaces/process_image.hpp"
#include "linux/process/mutex.hpp"
#include "linux/signal/interruption.hpp"

namespace linux::fd {

namespace {

// Last in, first out: a thread that waits for the same thing again mostly gets the notification
// that is subscribed to it already. None is ever given up: others may be subscribed to its slot.
struct Stock {
    Mutex lock;
    std::vector<ipc::Capability<ipc::Notification>> spare __attribute__((guarded_by(lock)));
};
constinit Stock stock;

}  // namespace

void lock_waiters() __attribute__((no_thread_safety_analysis)) { stock.lock.lock(); }
void unlock_waiters() __attribute__((no_thread_safety_analysis)) { stock.lock.unlock(); }
void drop_waiters() __attribute__((no_thread_safety_analysis)) { stock.spare.clear(); }

Result<Waiter> Waiter::take() {
    {
        MutexGuard guard{stock.lock};
        if (!stock.spare.empty()) {
            Waiter waiter{std::move(stock.spare.back())};
            stock.spare.pop_back();
            return waiter;
        }
    }
    return Waiter{
        TRY(or_errno(ipc::Ref<ipc::Bank> { process::own_bank } -> create_notification()))};
}

Waiter::~Waiter() {
    if (own_) {
        MutexGuard guard{stock.lock};
        stock.spare.push_back(std::move(own_));
    }
}

Woken Waiter::wait(std::uint64_t deadline) {
    for (;;) {
        const auto bits = own_->wait({.deadline = deadline, .interruptible = true});
        if (bits) {
            return Woken::signalled;
        }
        if (!is_interruption(bits.error())) {
            return Woken::timed_out;
        }
        if (signals::interrupted()) {
            return Woken::interrupted;
        }
    }
}

constinit ChangeWatch change_watch;

void ChangeWatch::refresh() {
    MutexGuard guard{lock_};
    if (own_ && own_->poll()) {
        generation_.fetch_add(1, std::memory_order_release);
    }
}

WakeTarget ChangeWatch::target() {
    MutexGuard guard{lock_};
    if (!own_) {
        if (auto made = ipc::Ref<ipc::Bank> { process::own_bank } -> create_notification()) {
            own_ = std::move(*made);
        }
    }
    return own_.ref();
}

// The notification is the parent's.
void ChangeWatch::on_fork_child() __attribute__((no_thread_safety_analysis)) {
    own_.reset();
    generation_.fetch_add(1);
}

SleepQueue::~SleepQueue() {
    for (const auto& target : kept_) {
        if (target.load() != abi::no_capability) {
            unsubscribe(WakeTarget{target.load()});
        }
    }
    if (watched_by_.load() != abi::no_capability) {
        unsubscribe(WakeTarget{watched_by_.load()});
    }
}

void SleepQueue::unsubscribe(WakeTarget target) {
    if (!may_have_twins_.load(std::memory_order_relaxed)) {
        (void)source_->unsubscribe(target);
    }
}

bool SleepQueue::is_kept(WakeTarget target) const {
    return std::ranges::any_of(kept_, [target](const auto& one) {
        return one.load(std::memory_order_relaxed) == target.index();
    });
}

Result<void> SleepQueue::enter(WakeTarget target) {
    if (!is_kept(target)) {
        TRY(or_errno(source_->subscribe(target, changed_bit)));
        for (auto& one : kept_) {
            ipc::CapIndex free = abi::no_capability;
            if (one.compare_exchange_strong(free, target.index())) {
                break;
            }
        }
    }
    sleepers_->fetch_add(1, std::memory_order_seq_cst);
    return {};
}

void SleepQueue::leave(WakeTarget target) {
    sleepers_->fetch_sub(1, std::memory_order_seq_cst);
    if (!is_kept(target)) {
        unsubscribe(target);
    }
}

bool SleepQueue::has(std::uint64_t bit) {
    if ((seen_.load(std::memory_order_relaxed) & bit) == 0) {
        seen_.fetch_or(source_->peek().value_or(0), std::memory_order_relaxed);
    }
    return (seen_.load(std::memory_order_relaxed) & bit) != 0;
}

bool SleepQueue::had(std::uint64_t bit) {
    if ((seen_.load(std::memory_order_relaxed) & bit) != 0) {
        return true;
    }
    const std::uint64_t generation = change_watch.generation();
    if (watched_by_.load() == abi::no_capability) {
        const WakeTarget watch = change_watch.target();
        if (!watch || !source_->subscribe(watch, changed_bit)) {
            return has(bit);
        }
        watched_by_.store(watch.index());
    } else if (seen_generation_.load() == generation) {
        return false;
    }
    const bool result = has(bit);
    seen_generation_.store(generation);
    return result;
}

void SleepQueue::on_fork_child() {
    watched_by_.store(abi::no_capability);
    seen_generation_.store(0);
    for (auto& one : kept_) {
        one.store(abi::no_capability);
    }
}

}  // namespace linux::fd
