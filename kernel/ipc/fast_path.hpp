// SPDX-License-Identifier: MIT
// The fast path: a call to a server that waits, and its answer, without capabilities; the null operation; a signal
// that does not change who runs, and a wait for one, if somebody else is ready.
//
// Call and answer do exactly what ipc::call, ipc::answer and ipc::receive would, in the one case in which nothing else can happen: no
// capabilities, no flags but `only_copy`; the partner waits and nobody has a deadline. They look at everything first and change
// nothing unless all of it holds; then they go straight through to the partner. The words are none of their business: the
// machine's part (arch) hands them from one thread to the other, best without touching them. Messages with a payload, or with that
// flag, have functions of their own (Loaded), so that the others do not pay for them.
//
// Nobody more important can be ready here. The running thread is the most important one whenever user code runs
// (Scheduler::finish), a partner goes on with the same scheduling context, and nothing has happened since the entry.
// For the same reason neither accounts nor the timer change.
//
// With several CPUs (Many) they share the kernel, and each holds at most one lock of an object, for as long as it looks at its queue.
// A thread that is in no queue belongs to a CPU: to the one that runs it, or that runs whom it waits for:
// - `call` finds the server in the endpoint's queue; from the moment it is out of it, it is this CPU's.
// - `reply_and_receive` answers only whose context it runs on. That one waits for this thread and for nobody else, so it
//   is this CPU's; whoever else has the reply object finds that it is not his caller. The server is others' from the moment it is in the
//   queue, so all its registers are in memory before that, and nothing of it is touched after that.
// - `signal` lets a waiter run on this CPU if it did before and no CPU idles, `wait` hands over to who waits for this CPU.
// docs/decisions/kernel-locks.md lists the fields.
//
// Inline, because the machine's part around it is to become one function with it.
#pragma once

#include <atomic>
#include <cstring>

#include <arch/cpu.hpp>
#include <arch/fpu.hpp>

#include "abi/kernel/message.hpp"
#include "abi/kernel/operation.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/sched/scheduler.hpp"

namespace kernel {

struct FastPath {
    enum class Outcome : std::uint8_t {
        slow,       // nothing has happened: take the long way
        operation,  // the same, but the capability is found: it is not an endpoint's
        nothing,    // an operation is done: tag and words are zero, but for word 0, which is `word`
        done,       // the thread goes on with its words, but for word 0, which is `word`
        switched,  // `next` goes on; it has the payload, its words are as they were, its tag is `word`
        handed_over,  // the thread waits; `next` goes on, with all the registers it left off with
    };
    struct Step {
        Outcome outcome = Outcome::slow;
        Thread* next = nullptr;
        std::uint64_t badge = 0;  // what `next` finds in the badge's place
        const Capability* capability = nullptr;
        std::uint64_t word = 0;  // of `switched`: the tag
    };

    // Label and status: what all messages that go this way may have.
    static constexpr std::uint64_t plain_tag = 0xffff'0000'0000'ffff;
    static constexpr bool is_loaded(abi::Tag tag) { return (tag.raw & ~plain_tag) != 0; }

    // Many: with several CPUs, for one that shares the kernel. `next` has what it needs but for `current` then, and the thread that
    // came may be another CPU's already, if it does not go on.
    template <bool Many, bool Loaded>
    static Step call(Thread& caller, std::uint64_t cap, abi::Tag tag);
    template <bool Many, bool Loaded>
    static Step reply_and_receive(Thread& server, std::uint64_t caps, abi::Tag tag);
    template <bool Many>
    static Step signal(Thread& thread, std::uint64_t cap, std::uint64_t bits);
    template <bool Many>
    static Step wait(Thread& thread, std::uint64_t cap, abi::Tag tag);

private:
    static constexpr std::uint64_t payload_tag = 0x1fff'0000;

    static constexpr Condition awaits_answer{
        .state = abi::ThreadState::blocked, .wait = Wait::reply, .is_call = true};
    static constexpr Condition awaits_signal{.state = abi::ThreadState::blocked,
                                             .wait = Wait::notification};

    // What an index names that names nothing.
    static constexpr Capability empty_slot{};
    // Most capabilities that matter are among a table's first.
    static const Capability& find(const Thread& thread, std::uint64_t index) {
        const Capability& slot = (*thread.first_slots_)[index % CapTable::slots_per_page];
        if (slot.index == index) [[likely]] {
            return slot;
        }
        const Capability* other = thread.table().find(index);
        return other != nullptr ? *other : empty_slot;
    }

    // With the lock of an object, where CPUs share the kernel.
    template <bool Many>
    static ObjectLock::Guard guard(ObjectLock& lock) {
        return ObjectLock::Guard(Many ? &lock : nullptr);
    }
    // Of a loaded message: has it only what goes this way?
    static bool is_light(abi::Tag tag, std::uint64_t flags) {
        return (tag.raw & ~(plain_tag | payload_tag | flags)) == 0 &&
               tag.payload() <= abi::message_bytes;
    }
    // This CPU goes from one thread, all of whose registers are in memory then, for whatever CPU runs it next, to the other.
    template <bool Many>
    static void move_on(Thread& from, Thread& to) {
        if constexpr (Many) {
            arch::save_bases(from);
            arch::fpu_leave(from);
            to.cpu_ = &scheduler();
        }
    }
};

template <bool Many, bool Loaded>
[[gnu::always_inline]] inline FastPath::Step FastPath::call(Thread& caller, std::uint64_t cap,
                                                            abi::Tag tag) {
    if (Loaded && !is_light(tag, abi::Tag::only_copy)) {
        return {};
    }
    const Capability& capability = find(caller, cap);
    if (!capability.is(ObjectType::endpoint, abi::EndpointRights::call)) {
        if (capability.type == ObjectType::none || capability.type == ObjectType::endpoint)
            [[unlikely]] {
            return {};
        }
        if (!Many && tag.raw == std::to_underlying(abi::NotificationOp::peek) &&
            capability.is(ObjectType::notification, abi::NotificationRights::wait)) {
            auto& notification = static_cast<Notification&>(*capability.object);
            return {.outcome = Outcome::nothing, .word = notification.bits()};
        }
        return {.outcome = tag.raw == 0 ? Outcome::nothing
                           : Many       ? Outcome::slow
                                        : Outcome::operation,
                .capability = &capability};
    }
    auto& endpoint = static_cast<Endpoint&>(*capability.object);
    const auto held = guard<Many>(endpoint.lock_);
    if (endpoint.receivers_.empty()) [[unlikely]] {
        return {};
    }
    Thread& server = endpoint.receivers_.first();
    Reply* reply = server.waiting.reply;
    if (server.condition_ != only_receives || reply == nullptr) [[unlikely]] {
        return {};
    }

    if constexpr (Loaded) {
        tag = told_of_copies(tag, capability);
        std::memcpy(server.message_page(), caller.message_page(), tag.payload());
    }
    caller.bank().count_message();
    move_on<Many>(caller, server);
    ThreadQueue::remove(server);
    server.waiting.reply = nullptr;
    server.condition_ = only_runs;
    server.lender_ = &caller;
    server.context_ = caller.context_;

    reply->reserved = nullptr;
    std::atomic_ref(reply->caller).store(&caller, std::memory_order_relaxed);
    caller.waiting.reply = reply;
    caller.condition_ = awaits_answer;
    caller.borrower_ = &server;
    return {
        .outcome = Outcome::switched, .next = &server, .badge = capability.badge, .word = tag.raw};
}

template <bool Many, bool Loaded>
[[gnu::always_inline]] inline FastPath::Step FastPath::reply_and_receive(Thread& server,
                                                                         std::uint64_t caps,
                                                                         abi::Tag tag) {
    const Capability& to_endpoint = find(server, static_cast<std::uint32_t>(caps));
    const Capability& to_reply = find(server, caps >> 32);
    if ((Loaded && !is_light(tag, 0)) ||
        !to_endpoint.is(ObjectType::endpoint, abi::EndpointRights::receive) ||
        !to_reply.is(ObjectType::reply, abi::ReplyRights::use)) [[unlikely]] {
        return {};
    }
    auto& endpoint = static_cast<Endpoint&>(*to_endpoint.object);
    auto& reply = static_cast<Reply&>(*to_reply.object);
    Thread* const caller = std::atomic_ref(reply.caller).load(std::memory_order_relaxed);
    // Whoever lent its context to somebody else, or not at all, goes on with one of its own. (And is another CPU's.)
    if (caller == nullptr || server.lender_ != caller) [[unlikely]] {
        return {};
    }
    const auto held = guard<Many>(endpoint.lock_);
    if (caller->condition_ != awaits_answer || server.context_ != caller->context_ ||
        endpoint.has_messages() ||
        (server.bound_notification_ != nullptr && server.bound_notification_->bits() != 0))
        [[unlikely]] {
        return {};
    }

    if constexpr (Loaded) {
        std::memcpy(caller->message_page(), server.message_page(), tag.payload());
    }
    move_on<Many>(server, *caller);
    caller->waiting.reply = nullptr;
    caller->condition_ = only_runs;
    caller->borrower_ = nullptr;

    std::atomic_ref(reply.caller).store(nullptr, std::memory_order_relaxed);
    reply.reserved = &server;
    server.waiting.reply = &reply;
    server.condition_ = only_receives;
    server.lender_ = nullptr;
    server.context_ = server.home_context_;
    endpoint.receivers_.push_back(server);
    return {.outcome = Outcome::switched, .next = caller, .word = tag.raw};
}

template <bool Many>
[[gnu::always_inline]] inline FastPath::Step FastPath::signal(Thread& thread, std::uint64_t cap,
                                                              std::uint64_t bits) {
    const Capability& capability = find(thread, cap);
    if (!capability.is(ObjectType::notification, abi::NotificationRights::signal)) [[unlikely]] {
        return {};
    }
    auto& notification = static_cast<Notification&>(*capability.object);
    if (!notification.outgoing_.empty() || notification.bound_thread != nullptr) [[unlikely]] {
        return {};
    }
    const auto held = guard<Many>(notification.lock_);
    const std::uint64_t word = notification.word_ | (capability.badged ? capability.badge : bits);
    if (!notification.waiters_.empty()) {
        Thread& waiter = notification.waiters_.first();
        Condition condition = waiter.condition_;
        condition.interruptible = false;
        if (condition != awaits_signal || word == 0 || !scheduler().is_indifferent_to(waiter) ||
            (Many && (waiter.cpu_ != &scheduler() || Scheduler::any_idle()))) [[unlikely]] {
            return {};
        }
        ThreadQueue::remove(waiter);
        waiter.condition_ = only_runs;
        waiter.word(0) = word;
        waiter.set_result(Error::ok);
        scheduler().add_quietly(waiter);
    } else {
        notification.word_ = word;
    }
    return {.outcome = Outcome::done, .word = bits};
}

template <bool Many>
[[gnu::always_inline]] inline FastPath::Step FastPath::wait(Thread& thread, std::uint64_t cap,
                                                            abi::Tag tag) {
    const Capability& capability = find(thread, cap);
    if ((tag.raw != 0 &&
         (tag.raw != abi::Tag::interruptible || thread.control->interrupt_pending)) ||
        !capability.is(ObjectType::notification, abi::NotificationRights::wait)) [[unlikely]] {
        return {};
    }
    auto& notification = static_cast<Notification&>(*capability.object);
    if (Many && notification.bound_thread != nullptr) {
        return {};
    }
    const auto held = guard<Many>(notification.lock_);
    if (notification.word_ != 0) {
        return {.outcome = Outcome::done, .word = notification.take_bits()};
    }
    Thread* const next = scheduler().successor();
    // (What has a budget is charged where other CPUs charge, too.)
    if (next == nullptr || thread.lender_ != nullptr ||
        (Many && !thread.context_->is_unlimited())) {
        return {};
    }
    move_on<Many>(thread, *next);
    notification.waiters_.push_back(thread);
    thread.condition_ = awaits_signal;
    thread.condition_.interruptible = tag.raw != 0;
    scheduler().hand_over(*next);
    return {.outcome = Outcome::handed_over, .next = next};
}

}  // namespace kernel
