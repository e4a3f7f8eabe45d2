// SPDX-License-Identifier: MIT
//
// Peer: a second thread of the test program that runs a function object and then signals that it is done.
//
//   Peer peer{[&] { answer = ...; }};
//   NEED(peer.start());
//   ...
//   EXPECT(peer.join());        // false if it has not finished within two seconds
//
// The function must not use the heap, nor EXPECT: it leaves its results in variables, which are looked at after join.
#pragma once

#include <utility>

#include "libs/rt/clock.hpp"
#include "libs/rt/thread.hpp"
#include "tests/kernel/check.hpp"

namespace test {

// What never comes is noticed after this; nothing that works takes as long, also on a host that puts the machine aside.
inline constexpr std::uint64_t patience = 20 * rt::second;

template <class Function>
class Peer {
public:
    explicit Peer(Function function) : function_(std::move(function)) {}
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    ipc::KernelResult<void> start(const rt::ThreadConfig& config = {}) {
        done_ = TRY(bank()->create_notification());
        thread_ = TRY(rt::Thread::start(&run, this, config));
        return {};
    }
    [[nodiscard]] bool join() {
        return done_->wait({.deadline = rt::now() + patience}).has_value();
    }
    [[nodiscard]] ipc::Ref<ipc::Thread> thread() const { return thread_.thread(); }

private:
    static void run(void* self) {
        auto& peer = *static_cast<Peer*>(self);
        peer.function_();
        (void)peer.done_->signal(1);
    }

    Function function_;
    ipc::Capability<ipc::Notification> done_;
    rt::Thread thread_;
};

// Waits until `holds` does, giving way to other threads.
template <class Condition>
[[nodiscard]] bool eventually(const Condition& holds) {
    const std::uint64_t end = rt::now() + patience;
    while (!holds()) {
        if (rt::now() > end) {
            return false;
        }
        ipc::sys::yield();
    }
    return true;
}

inline bool is_blocked(ipc::Ref<ipc::Thread> thread) {
    const auto info = thread->query();
    return info && info->state == abi::ThreadState::blocked;
}

}  // namespace test
