// SPDX-License-Identifier: MIT
#include "kernel/ipc/fast_path.hpp"

#include <arch/cpu.hpp>
#include "abi/kernel/message.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/sched/scheduler.hpp"

namespace kernel {

namespace {

// Bits of a tag that the fast path carries: label and status.
constexpr std::uint64_t plain_tag = 0xffff'0000'0000'ffff;

bool is_plain(const Thread& thread) { return (thread.tag().raw & ~plain_tag) == 0; }

template <class T>
T* find(Thread& thread, std::uint64_t index, ObjectType type, std::uint8_t right,
        std::uint64_t* badge) {
    Capability* capability = thread.table().find(index);
    if (capability == nullptr || capability->object->type() != type || !capability->allows(right)) {
        return nullptr;
    }
    if (badge != nullptr) {
        *badge = capability->badge();
    }
    return static_cast<T*>(capability->object);
}

}  // namespace

bool FastPath::call(Thread& caller) {
    Scheduler& cpu = scheduler();
    std::uint64_t badge = 0;
    if (!is_plain(caller) || cpu.decide_) {
        return false;
    }
    auto* endpoint = find<Endpoint>(caller, caller.cap(), ObjectType::endpoint,
                                    abi::EndpointRights::call, &badge);
    Thread* server = endpoint != nullptr ? endpoint->receivers_.front() : nullptr;
    if (server == nullptr || server->waiting.reply == nullptr || server->stopped_ ||
        server->deadline_node.linked || cpu.highest_ > int{caller.context_->priority}) {
        return false;
    }
    Reply* reply = server->waiting.reply;

    ThreadQueue::remove(*server);
    caller.copy_words_to(*server);
    server->set_tag(caller.tag());
    server->set_badge(badge);
    server->set_result(Error::ok);
    server->waiting.reply = nullptr;
    server->wait_ = Wait::none;
    server->state_ = abi::ThreadState::ready;
    server->lender_ = &caller;
    server->context_ = caller.context_;

    reply->reserved = nullptr;
    reply->caller = &caller;
    caller.waiting.reply = reply;
    caller.waiting.is_call = true;
    caller.wait_ = Wait::reply;
    caller.state_ = abi::ThreadState::blocked;
    caller.interruptible_ = false;
    caller.borrower_ = server;

    cpu.switch_on_same_context(caller, *server);
    return true;
}

bool FastPath::reply_and_receive(Thread& server) {
    Scheduler& cpu = scheduler();
    if (!is_plain(server) || cpu.decide_) {
        return false;
    }
    const std::uint64_t caps = server.cap();
    auto* endpoint = find<Endpoint>(server, static_cast<std::uint32_t>(caps), ObjectType::endpoint,
                                    abi::EndpointRights::receive, nullptr);
    auto* reply =
        find<Reply>(server, caps >> 32, ObjectType::reply, abi::ReplyRights::use, nullptr);
    if (endpoint == nullptr || reply == nullptr || reply->caller == nullptr) {
        return false;
    }
    Thread& caller = *reply->caller;
    if (!caller.waiting.is_call || caller.stopped_ || caller.deadline_node.linked ||
        caller.borrower_ != &server || caller.context_ != server.context_ ||
        !endpoint->senders_.empty() || endpoint->has_drops() ||
        cpu.highest_ > int{caller.context_->priority}) {
        return false;
    }
    if (server.bound_notification_ != nullptr && server.bound_notification_->bits() != 0) {
        return false;
    }

    server.copy_words_to(caller);
    caller.set_tag(server.tag());
    caller.set_result(Error::ok);
    caller.waiting.reply = nullptr;
    caller.wait_ = Wait::none;
    caller.state_ = abi::ThreadState::ready;
    caller.borrower_ = nullptr;

    reply->caller = nullptr;
    reply->reserved = &server;
    server.waiting.endpoint = endpoint;
    server.waiting.reply = reply;
    server.wait_ = Wait::receive;
    server.state_ = abi::ThreadState::blocked;
    server.interruptible_ = false;
    server.lender_ = nullptr;
    server.context_ = server.home_context_;
    endpoint->receivers_.push_back(server);

    cpu.switch_on_same_context(server, caller);
    return true;
}

}  // namespace kernel
