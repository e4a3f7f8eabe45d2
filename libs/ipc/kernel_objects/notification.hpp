// SPDX-License-Identifier: MIT
// Notification: a word of bits that anybody may set and one may wait for. Endpoint and Reply, which
// have no operations: they are the subject of system calls.
#pragma once

#include "libs/ipc/kernel_objects/bank.hpp"

namespace ipc {

struct Endpoint : Object {};
struct Reply : Object {};

struct Notification : Object {
    using Op = abi::NotificationOp;

    [[nodiscard]] KernelResult<void> signal(std::uint64_t bits) const {
        return result(sys::signal(index, bits));
    }
    // The bits that were set, which it clears. Blocks while there are none.
    [[nodiscard]] KernelResult<std::uint64_t> wait(OperationOptions options = {}) const {
        const sys::Outcome outcome =
            sys::wait(index, options.deadline, options.interruptible ? abi::Tag::interruptible : 0);
        if (outcome.error != abi::Error::ok) {
            return base::fail(outcome.error);
        }
        return outcome.words[0];
    }
    // Like wait, but answers would_block instead of waiting.
    [[nodiscard]] KernelResult<std::uint64_t> poll() const { return wait({.deadline = 0}); }
    // The bits, which stay set.
    [[nodiscard]] KernelResult<std::uint64_t> peek() const {
        return TRY(detail::ask(index, Op::peek))[0];
    }
    // Whenever this notification is signalled, `target` is too, with these bits; at once if it is
    // signalled now. The bank of this notification pays.
    [[nodiscard]] KernelResult<void> subscribe(Ref<Notification> target, std::uint64_t bits) const {
        return detail::operate(index, Op::subscribe, {target.index(), bits});
    }
    [[nodiscard]] KernelResult<void> unsubscribe(Ref<Notification> target) const {
        return detail::operate(index, Op::unsubscribe, {target.index()});
    }

private:
    static KernelResult<void> result(abi::Error error) {
        if (error != abi::Error::ok) {
            return base::fail(error);
        }
        return {};
    }
};

}  // namespace ipc
