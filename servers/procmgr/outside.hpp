// SPDX-License-Identifier: MIT
// Calls to other processes, made by threads of their own.
//
// The main thread owns all state and answers everybody; it must never wait for another process.
// vfs asks it about /proc, terminals ask it to signal groups: were it waiting for one of them at
// that moment, both would wait for ever. And what a client handed in as "its terminal" may be an
// endpoint that nobody receives on. So the order of calls in the whole system is
//
//      clients -> procmgr's caller threads -> vfs, file systems, tty, devmgr -> procmgr's main thread
//
// and nothing leads on from the main thread. A caller thread owns nothing and uses no heap: it
// performs one call after the other, each described by a Work in the frame of a coroutine that
// sleeps meanwhile:
//
//      auto answer = co_await outside.call(view, names::Derive{...}, {.payload = rules});
//
// The answer's payload is valid until the coroutine's next `co_await`.
//
// Work goes queued -> performed by a caller thread -> done (its bit is signalled to the main
// thread) -> its coroutine goes on. The caller thread and the main thread hand a Slot to each other
// by notifications, so none of it needs a lock.
#pragma once

#include <array>
#include <coroutine>
#include <deque>
#include <optional>
#include <span>

#include "libs/ipc/protocol.hpp"
#include "libs/rt/thread.hpp"

namespace procmgr {

class Work {
public:
    // On a caller thread. The reply's payload must be copied to `keep`.
    virtual void perform(std::span<std::byte, abi::message_bytes> keep) = 0;

    std::coroutine_handle<> waiting;

protected:
    ~Work() = default;
};

class Outside;

template <class Op>
class CallWork final : public Work {
public:
    CallWork(Outside& outside, ipc::AnyRef target, const Op& operation, const ipc::Options& options)
        : outside_(outside), target_(target), operation_(operation), options_(options) {}

    void perform(std::span<std::byte, abi::message_bytes> keep) override {
        result_.emplace(ipc::call(ipc::Ref<ipc::Any>{target_.index()}, operation_, options_));
        if (*result_ && !(*result_)->payload.empty()) {
            const auto payload = (*result_)->payload;
            std::memcpy(keep.data(), payload.data(), payload.size());
            (*result_)->payload = keep.first(payload.size());
        }
    }

    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> handle);
    ipc::CallResult<Op> await_resume() { return std::move(*result_); }

private:
    Outside& outside_;
    ipc::AnyRef target_;
    Op operation_;
    ipc::Options options_;
    std::optional<ipc::CallResult<Op>> result_;
};

class Outside {
public:
    static constexpr std::size_t callers = 3;
    static constexpr std::uint64_t signals = (std::uint64_t{1} << callers) - 1;

    // `done` is bound to the main thread; its bits 0 .. callers-1 belong to this class.
    ipc::KernelResult<void> start(ipc::Ref<ipc::Notification> done);

    // What the options refer to must live in the awaiting coroutine's frame.
    template <class Op>
    [[nodiscard]] CallWork<Op> call(ipc::AnyRef target, const Op& operation,
                                    const ipc::Options& options = {}) {
        return {*this, target, operation, options};
    }
    void enqueue(Work& work);
    void on_signal(std::uint64_t bits);

private:
    struct Slot {
        Work* work = nullptr;  // handed over by `go` and back by `done`
        ipc::CapIndex go = 0;
        ipc::CapIndex done = 0;
        std::uint64_t bit = 0;
        std::array<std::byte, abi::message_bytes> payload;
        ipc::Capability<ipc::Notification> go_owner;
        rt::Thread thread;
    };

    static void caller_main(void* slot);
    void dispatch();

    std::array<Slot, callers> slots_;
    std::deque<Work*> queue_;
};

template <class Op>
void CallWork<Op>::await_suspend(std::coroutine_handle<> handle) {
    waiting = handle;
    outside_.enqueue(*this);
}

}  // namespace procmgr
