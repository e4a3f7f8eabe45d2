// SPDX-License-Identifier: MIT
//
// Waiting for what other processes do. Shared things (pipes, event counters) have a kernel
// notification that is signalled when they change; its bits are never cleared by waiting, because
// several may wait. Instead each waiting thread has a notification of its own, subscribed to those
// of the things that it waits for. So nobody can take a wake-up away from somebody else, and the
// bit that says "the other side is gone" stays where all can see it.
//
//      changing side                                sleeping side
//      change the shared memory                     subscribe; sleepers += 1
//      if (sleepers != 0) signal the notification   look at the shared memory again; wait
//
// Both orders are sequentially consistent, so one side sees the other. A process that is killed
// while it sleeps leaves `sleepers` too high, which costs the others a superfluous signal and no
// more. Waking up means nothing but "look again".
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "libs/ipc/kernel_objects.hpp"
#include "linux/fd/description.hpp"
#include "linux/process/mutex.hpp"

namespace linux::fd {

// Bits of such a notification: something changed; the last one of the other side is gone.
inline constexpr std::uint64_t changed_bit = 1;
inline constexpr std::uint64_t gone_bit = 2;

enum class Woken : std::uint8_t { signalled, interrupted, timed_out };

// What a call on a socket gives after it has waited; 0: it looks again.
inline std::int64_t after_wait(Woken woken, Patience patience) {
    return woken == Woken::interrupted ? patience.interrupted()
           : woken == Woken::timed_out ? -Errno::eagain
                                       : 0;
}

// A notification for one waiting thread, taken from the process's stock.
class Waiter {
public:
    static Result<Waiter> take();
    Waiter(Waiter&& other) noexcept : own_(std::move(other.own_)) {}
    Waiter& operator=(Waiter&&) = delete;
    ~Waiter();

    [[nodiscard]] WakeTarget target() const { return own_.ref(); }
    // `interrupted` only if there is a signal to handle.
    Woken wait(std::uint64_t deadline = ipc::no_deadline);

private:
    explicit Waiter(ipc::Capability<ipc::Notification> own) : own_(std::move(own)) {}
    ipc::Capability<ipc::Notification> own_;
};

// The stock, at fork: in the child it is the parent's, and thrown away.
void lock_waiters();
void unlock_waiters();
void drop_waiters();

// Asking many notifications for their bits costs a system call each. So one notification of the
// process is subscribed to all that were ever polled: as long as it is not signalled, none of them
// has changed, and what was seen last still holds.
class ChangeWatch {
public:
    // Counts up if any of them was signalled since the last time.
    void refresh();
    [[nodiscard]] std::uint64_t generation() const {
        return generation_.load(std::memory_order_acquire);
    }
    // None, if the process cannot pay for it.
    WakeTarget target();
    // The lock is held. What parent and child watched together, each would take away from the other.
    void on_fork_child();
    Mutex& lock() __attribute__((lock_returned(lock_))) { return lock_; }

private:
    Mutex lock_;
    ipc::Capability<ipc::Notification> own_ __attribute__((guarded_by(lock_)));
    std::atomic<std::uint64_t> generation_ = 1;
};

extern constinit ChangeWatch change_watch;

// One side of a shared thing, as a process that may sleep on it sees it.
class SleepQueue {
public:
    SleepQueue(ipc::Capability<ipc::Notification> source, std::atomic<std::uint32_t>& sleepers)
        : source_(std::move(source)), sleepers_(&sleepers) {}
    ~SleepQueue();
    SleepQueue(const SleepQueue&) = delete;
    SleepQueue& operator=(const SleepQueue&) = delete;

    // From now on a change wakes the target. Undone by `leave`. The subscriptions of the first few
    // targets are kept for the next time.
    Result<void> enter(WakeTarget target);
    void leave(WakeTarget target);
    // Was this bit ever signalled? A bit that was seen once is not asked for again.
    [[nodiscard]] bool has(std::uint64_t bit);
    // The same as of the latest ChangeWatch::refresh, mostly without a system call.
    [[nodiscard]] bool had(std::uint64_t bit);
    [[nodiscard]] ipc::CapIndex source() const { return source_.index(); }
    // The other side is there, and nothing has changed since the latest ChangeWatch::refresh.
    [[nodiscard]] bool is_silent() const {
        return seen_generation_.load(std::memory_order_relaxed) == change_watch.generation() &&
               (seen_.load(std::memory_order_relaxed) & gone_bit) == 0;
    }
    void on_fork_child();
    // This process may have another one of the same notification (which was passed on, and came back).
    // It has the same subscriptions, which therefore stay until this process or that thing has gone.
    void expect_twins() { may_have_twins_.store(true, std::memory_order_relaxed); }

private:
    [[nodiscard]] bool is_kept(WakeTarget target) const;
    void unsubscribe(WakeTarget target);

    ipc::Capability<ipc::Notification> source_;
    std::atomic<std::uint32_t>* sleepers_;
    std::atomic<std::uint64_t> seen_ = 0;
    std::atomic<std::uint64_t> seen_generation_ = 0;
    std::atomic<ipc::CapIndex> watched_by_ = abi::no_capability;
    std::atomic<bool> may_have_twins_ = false;
    // A target is in use by one thread at a time, and never goes away.
    std::array<std::atomic<ipc::CapIndex>, 4> kept_{};
};

// The changing side: wakes whoever sleeps.
inline void wake_sleepers(ipc::Ref<ipc::Notification> notification,
                          const std::atomic<std::uint32_t>& sleepers) {
    if (sleepers.load(std::memory_order_seq_cst) != 0) {
        (void)notification->signal(1);
    }
}

}  // namespace linux::fd
