// SPDX-License-Identifier: MIT
#include "kernel/capability/drop_guard.hpp"

#include <new>

#include "kernel/object/bank.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/notification.hpp"

namespace kernel {

Result<> DropGuard::attach(Capability& minted) {
    Object& target = *minted.object;
    auto* guard =
        new (TRY(target.bank().buy_block(sizeof(DropGuard)))) DropGuard(target, minted.badge);
    guard->add_copy();
    minted.guard = guard;
    return {};
}

void DropGuard::remove_copy() {
    if (--copies_ != 0) {
        return;
    }
    if (target_->type() == ObjectType::endpoint) {
        static_cast<Endpoint*>(target_)->add_drop(*this);
        return;
    }
    const std::uint64_t bits = badge_;
    auto* notification = static_cast<Notification*>(target_);
    free();
    notification->signal(bits);
}

void DropGuard::free() { target_->bank().return_block(this, sizeof(DropGuard)); }

}  // namespace kernel
