// SPDX-License-Identifier: MIT
#include "kernel/ipc/ipc.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "kernel/capability/drop_guard.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/trace/trace.hpp"

namespace kernel::ipc {

namespace {

// Capabilities that were given away and found no place: deleted when the message is through and everybody is where he
// belongs, because their end may be news for somebody (a drop message), even for the receiver.
class Undelivered {
public:
    Undelivered() = default;
    Undelivered(const Undelivered&) = delete;
    Undelivered& operator=(const Undelivered&) = delete;
    ~Undelivered() {
        Work work(most_units);
        for (std::size_t i = 0; i < count_; ++i) {
            // One with very many derived from it stays where it is, with some of them its siblings.
            (void)delete_capability(*capabilities_[i], work);
        }
    }
    void add(Capability& capability) {
        if (!std::ranges::contains(capabilities_, &capability)) {
            capabilities_[count_++] = &capability;
        }
    }

private:
    static constexpr std::uint32_t most_units = 512;
    std::array<Capability*, abi::message_capabilities> capabilities_{};
    std::size_t count_ = 0;
};

void transfer_capabilities(Thread& from, Thread& to, abi::Tag tag, Undelivered& undelivered) {
    for (std::size_t i = 0; i < tag.capabilities(); ++i) {
        Capability* source = from.table().find(from.control->capabilities[i]);
        to.control->capabilities[i] = abi::no_capability;
        if (source == nullptr || source->object->is_dying()) {
            continue;
        }
        const auto slot = to.table().take_slot(abi::any_slot);
        if (!slot) {
            if (tag.has(abi::Tag::moves)) {
                undelivered.add(*source);
            }
            continue;
        }
        if (tag.has(abi::Tag::moves)) {
            move_capability(**slot, *source);
        } else {
            derive_capability(**slot, *source, abi::all_rights);
        }
        to.control->capabilities[i] = (*slot)->index;
    }
}

// Words, payload, capabilities, and the tag without the flags that only mean something to the kernel.
void transfer(Thread& from, Thread& to, Undelivered& undelivered) {
    constexpr std::uint64_t all_flags = std::uint64_t{0xff} << 40;
    const abi::Tag tag = from.tag();
    const std::uint64_t kept = from.is_call() ? abi::Tag::only_copy : 0;
    from.copy_words_to(to);
    to.set_tag(abi::Tag{tag.raw & ~(all_flags & ~kept)});
    if (tag.payload() != 0) {
        std::memcpy(to.message_page(), from.message_page(), tag.payload());
    }
    if (tag.capabilities() != 0) {
        transfer_capabilities(from, to, tag, undelivered);
    }
}

void trace(abi::TraceKind kind, Thread& from, abi::Tag tag, const Thread& to) {
    if (Trace::on()) [[unlikely]] {
        Trace::record(&from, kind, tag.label(), to.number);
    }
}

// The receiver has the caller's message: now the caller waits for `reply`, and lends its time.
void become_answerable(Thread& caller, Thread& receiver, Reply& reply) {
    caller.waiting.reply = &reply;
    reply.caller = &caller;
    caller.change_wait(Wait::reply);
    receiver.borrow_context(caller);
    trace(abi::TraceKind::call, caller, caller.tag(), receiver);
}

// What the kernel itself tells.
void deliver(Thread& receiver, abi::Tag tag, std::uint64_t badge,
             std::span<const std::uint64_t> words) {
    receiver.set_tag(tag);
    receiver.set_badge(badge);
    for (std::size_t i = 0; i < abi::message_words; ++i) {
        receiver.word(i) = i < words.size() ? words[i] : 0;
    }
}

void deliver_fault(const Thread& faulted, Thread& receiver) {
    const Thread::WaitState& waiting = faulted.waiting;
    const auto label = static_cast<std::uint16_t>(waiting.fault);
    deliver(receiver, abi::make_tag(label, 0, 0, 0, abi::Tag::is_fault), waiting.badge,
            waiting.fault_words);
}

// What a sender says who waits, and is in no queue, goes to the receiver: a fault or a request for a page, or a message.
void pass_fault(Thread& sender, Thread& receiver, Reply* reply) {
    deliver_fault(sender, receiver);
    if (sender.is_pager()) {
        // It cannot go on before the pager has done its work: that is done on its time, as a call's would be.
        sender.change_wait(Wait::pager);
        sender.waiting.memory->add_waiter(sender);
        receiver.borrow_context(sender);
    } else {
        sender.waiting.reply = reply;
        reply->caller = &sender;
        sender.change_wait(Wait::reply);
    }
}

void pass_message(Thread& sender, Thread& receiver, Reply* reply, Undelivered& undelivered) {
    transfer(sender, receiver, undelivered);
    receiver.set_badge(sender.waiting.badge);
    if (sender.is_call()) {
        become_answerable(sender, receiver, *reply);
    } else {
        trace(abi::TraceKind::message, sender, sender.tag(), receiver);
        sender.wake_with(Error::ok);
    }
}

// A queued sender's message goes to a receiver that has just come.
void take_from_sender(Thread& sender, Thread& receiver, Reply* reply) {
    sender.queue_link.unlink();
    if (sender.wait() == Wait::fault_send) {
        pass_fault(sender, receiver, reply);
        return;
    }
    Undelivered undelivered;
    pass_message(sender, receiver, reply, undelivered);
}

}  // namespace

void call(Thread& caller, Endpoint& endpoint, std::uint64_t badge) {
    caller.bank().count_message();
    caller.waiting.badge = badge;
    caller.block(Wait::send, caller.tag(), Thread::Purpose::call);
    if (Thread* receiver = endpoint.receiver_for(true)) {
        Undelivered undelivered;
        pass_message(caller, *receiver, take_reply(*receiver), undelivered);
        receiver->set_result(Error::ok);
        receiver->wake_preferred();
    } else {
        caller.set_tag(abi::Tag{caller.tag().raw & ~abi::Tag::only_copy});
        endpoint.add_sender(caller);
    }
}

void send(Thread& sender, Endpoint& endpoint, std::uint64_t badge) {
    sender.bank().count_message();
    sender.waiting.badge = badge;
    if (Thread* receiver = endpoint.receiver_for(false)) {
        Undelivered undelivered;
        transfer(sender, *receiver, undelivered);
        receiver->set_badge(badge);
        trace(abi::TraceKind::message, sender, sender.tag(), *receiver);
        receiver->wake_with(Error::ok);
        sender.set_result(Error::ok);
        return;
    }
    endpoint.add_sender(sender);
    sender.block(Wait::send, sender.tag());
}

void receive(Thread& receiver, Endpoint& endpoint, Reply* reply) {
    // Whoever called before and is not answered yet waits on its own time from now on.
    receiver.give_back_context();
    receiver.set_result(Error::ok);
    if (Notification* bound = receiver.bound_notification();
        bound != nullptr && bound->bits() != 0) {
        deliver_signal(receiver, bound->take_bits());
        return;
    }
    Thread* sender = endpoint.sender_for(reply != nullptr);
    if (DropGuard* drop = endpoint.take_drop_before(sender)) {
        deliver_drop(receiver, *drop);
        return;
    }
    if (sender != nullptr) {
        take_from_sender(*sender, receiver, reply);
        return;
    }
    receiver.waiting.reply = reply;
    if (reply != nullptr) {
        reply->reserved = &receiver;
    }
    endpoint.add_receiver(receiver);
    receiver.block(Wait::receive, receiver.tag());
}

bool answer(Thread& replier, Reply& reply) {
    Thread* caller = reply.caller;
    if (caller == nullptr) {
        return false;
    }
    Undelivered undelivered;
    if (caller->is_call()) {
        transfer(replier, *caller, undelivered);
        caller->set_badge(0);
        caller->set_result(Error::ok);
        trace(abi::TraceKind::reply, replier, replier.tag(), *caller);
    }
    // A fault's answer carries nothing: the thread tries again. Both end by waking the thread, which takes its context back.
    caller->wake_preferred();
    return true;
}

void send_fault(Thread& thread, Endpoint& endpoint, Thread::Purpose purpose) {
    // No deadline, and interruptible by nothing but the end: the tag in the registers belongs to user code here.
    thread.block(Wait::fault_send, abi::Tag{}, purpose);
    if (Thread* receiver = endpoint.receiver_for(purpose != Thread::Purpose::page)) {
        pass_fault(thread, *receiver, take_reply(*receiver));
        receiver->set_result(Error::ok);
        receiver->wake_preferred();
    } else {
        endpoint.add_sender(thread);
    }
}

void deliver_drop(Thread& receiver, DropGuard& guard) {
    deliver(receiver, abi::make_tag(0, 0, 0, 0, abi::Tag::is_drop), guard.badge(), {});
    guard.free();
}

void deliver_signal(Thread& receiver, std::uint64_t bits) {
    deliver(receiver, abi::make_tag(0, 0, 0, 0, abi::Tag::is_signal), 0, {&bits, 1});
}

}  // namespace kernel::ipc
