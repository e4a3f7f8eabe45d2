// SPDX-License-Identifier: MIT
// Operations on kernel objects: what `call` on a capability that is not an endpoint does.
//
// Each object type has a function `invoke` which decodes the label and the words, finds every error of the
// user, and only then changes something. The answer goes back in the registers and the message page.
#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "abi/kernel/message.hpp"
#include "abi/kernel/operation.hpp"
#include "kernel/capability/capability.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/object/work.hpp"
#include "kernel/result.hpp"
#include "libs/base/align.hpp"

namespace kernel {

struct Answer {
    std::array<std::uint64_t, 4> words{};
    std::size_t payload = 0;
    bool received = false;  // what it has received is the answer, if it does not wait for it yet
};

inline Answer answer(std::uint64_t w0 = 0, std::uint64_t w1 = 0, std::uint64_t w2 = 0,
                     std::uint64_t w3 = 0) {
    return Answer{.words = {w0, w1, w2, w3}};
}

// No error that user code sees: the operation has done what it may do until the next preemption point, and is called again with the
// same registers. It goes on where it finds something left to do.
inline constexpr auto unfinished = static_cast<Error>(~std::uint32_t{0});

// A capability of the caller, if what it names is of this type and it has this right.
template <class T>
[[nodiscard]] inline Result<Capability*> lookup_cap(Thread& caller, std::uint64_t index,
                                                    std::uint8_t right) {
    Capability* capability = caller.find_capability(index);
    TRY(refuse_if(capability == nullptr, Error::invalid_capability));
    TRY(refuse_if(capability->object->type() != T::kind, Error::wrong_type));
    TRY(refuse_if(capability->object->is_dying(), Error::dead));
    TRY(refuse_if(!capability->allows(right), Error::missing_right));
    return capability;
}
// What it names.
template <class T>
[[nodiscard]] inline Result<T*> lookup(Thread& caller, std::uint64_t index, std::uint8_t right) {
    return static_cast<T*>(TRY(lookup_cap<T>(caller, index, right))->object);
}

struct Operation {
    Thread& caller;
    std::uint8_t rights;
    abi::Tag tag;
    template <class Label>
    [[nodiscard]] Label label() const {
        return static_cast<Label>(tag.label());
    }
    [[nodiscard]] std::uint64_t word(std::size_t i) const { return caller.word(i); }
    [[nodiscard]] Result<> need(std::uint8_t right) const {
        return refuse_if((rights & right) != right, Error::missing_right);
    }
    // What the capability in a word names.
    template <class T>
    [[nodiscard]] Result<T*> lookup(std::size_t i, std::uint8_t right) const {
        return kernel::lookup<T>(caller, word(i), right);
    }
    // Makes an object by make() -> Result<T*> and puts its first capability into a free slot of the caller's table: that is the
    // answer.
    template <class Make>
    [[nodiscard]] Result<Answer> create(Make&& make) const {
        Capability* slot = TRY(caller.table().take_slot(abi::any_slot));
        const auto made = make();
        if (!made) {
            caller.table().put_back(*slot);
            return fail(made.error());
        }
        make_root_capability(*slot, **made, abi::all_rights);
        return answer(slot->index);
    }
};

[[nodiscard]] inline Result<Answer> answer_when(bool done) {
    TRY(refuse_if(!done, unfinished));
    return answer();
}

// For an operation that goes through a range: step(std::uint64_t& progress, Work&) -> Result<bool>, false as long as there is more.
template <class Step>
[[nodiscard]] Result<Answer> in_steps(Operation& op, Step&& step) {
    Work work;
    std::uint64_t progress = std::exchange(op.caller.call_progress, 0);
    const bool done = TRY(step(progress, work));
    op.caller.call_progress = done ? 0 : progress;
    return answer_when(done);
}

// What to receive from, as receive and reply_and_receive name it. `reply`: nullptr if none is named.
struct ReceiveArguments {
    Endpoint* endpoint;
    Reply* reply;
};
[[nodiscard]] inline Result<ReceiveArguments> decode_receive(Thread& thread, std::uint64_t caps) {
    ReceiveArguments arguments{
        .endpoint = TRY(lookup<Endpoint>(thread, caps & 0xffff'ffff, abi::EndpointRights::receive)),
        .reply = nullptr};
    if (caps >> 32 != abi::no_capability) {
        arguments.reply = TRY(lookup<Reply>(thread, caps >> 32, abi::ReplyRights::use));
    }
    return arguments;
}
// busy: the reply object is in use.
[[nodiscard]] inline Result<> check_unused(const Reply* reply) {
    return refuse_if(reply != nullptr && (reply->caller != nullptr || reply->reserved != nullptr),
                     Error::busy);
}

// A range of whole pages, not empty, below `limit` pages: checked, in pages.
struct PageRange {
    std::uint64_t first;
    std::uint64_t count;
};
[[nodiscard]] inline Result<PageRange> page_range(std::uint64_t offset, std::uint64_t length,
                                                  std::uint64_t limit_pages) {
    TRY(refuse_if(!base::is_aligned(offset | length, base::page_size), Error::not_aligned));
    TRY(refuse_if(length == 0, Error::invalid_argument));
    const PageRange range{.first = offset / base::page_size, .count = length / base::page_size};
    TRY(refuse_if(!base::range_fits(range.first, range.count, limit_pages), Error::out_of_range));
    return range;
}

// The notification that the first word names, and the bits to signal there: the second word, or its own if the capability has a badge.
[[nodiscard]] inline Result<std::pair<Notification*, std::uint64_t>> decode_signal(
    const Operation& op) {
    const Capability& to =
        *TRY(lookup_cap<Notification>(op.caller, op.word(0), abi::NotificationRights::signal));
    const std::uint64_t bits = to.badged ? to.badge : op.word(1);
    TRY(refuse_if(bits == 0, Error::invalid_argument));
    return std::pair{static_cast<Notification*>(to.object), bits};
}

class Interrupt;
class InterruptControl;
class IoPorts;
class Log;

// Objects that have no operations: endpoints, to which a call is a message, and replies.
inline Result<Answer> invoke(Operation& /*operation*/, Object& /*object*/) {
    return fail(Error::wrong_type);
}
Result<Answer> invoke(Operation& operation, Bank& bank);
Result<Answer> invoke(Operation& operation, CapTable& table);
Result<Answer> invoke(Operation& operation, AddressSpace& space);
Result<Answer> invoke(Operation& operation, Memory& memory);
Result<Answer> invoke(Operation& operation, Thread& thread);
Result<Answer> invoke(Operation& operation, SchedContext& context);
Result<Answer> invoke(Operation& operation, Notification& notification);
Result<Answer> invoke(Operation& operation, Interrupt& interrupt);
Result<Answer> invoke(Operation& operation, InterruptControl& control);
Result<Answer> invoke(Operation& operation, IoPorts& ports);
Result<Answer> invoke(Operation& operation, Log& log);

}  // namespace kernel
