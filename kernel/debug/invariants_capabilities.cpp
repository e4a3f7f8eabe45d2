// SPDX-License-Identifier: MIT
#include "kernel/debug/hold.hpp"
#include "kernel/debug/invariants.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"

namespace kernel {

namespace {

constexpr std::uint32_t nobody = ~std::uint32_t{0};

}  // namespace

Invariants::Broken Invariants::check_tree(Object& object, Totals& totals) {
    const Capability* previous = nullptr;
    std::uint32_t depth_of_previous = 0;
    std::uint32_t revoked = nobody;  // the depth of the one whose descendants are going
    std::uint32_t lifted =
        nobody;  // of the one whose children are moving up: what follows does that yet
    for (Capability* capability = object.capabilities_.front(); capability != nullptr;
         capability = object.capabilities_.next(*capability)) {
        ++totals.capabilities;
        HOLD(capability->object == &object);
        HOLD(capability->table->find(capability->index) == capability);
        HOLD(capability->guard == nullptr || capability->badged);
        HOLD(capability->type == object.type());
        if (capability == object.leaving) {
            lifted = capability->depth;
            continue;
        }
        lifted = lifted != nobody && capability->depth > lifted ? lifted : nobody;
        const std::uint32_t depth = capability->depth - (lifted != nobody ? 1 : 0);
        if (revoked != nobody && depth > revoked) {
            continue;
        }
        revoked = capability->revoking ? depth : nobody;
        HOLD(depth <= (previous != nullptr ? depth_of_previous + 1 : 0));
        if (previous != nullptr && depth > depth_of_previous) {
            HOLD((capability->rights & ~previous->rights) == 0);
            HOLD(!previous->badged || (capability->badged && capability->badge == previous->badge &&
                                       capability->guard == previous->guard));
        }
        previous = capability;
        depth_of_previous = depth;
    }
    return nullptr;
}

// The copies of a guarded capability follow each other in the tree.
Invariants::Broken Invariants::check_guards(Object& object) {
    std::uint32_t copies = 0;
    for (const Capability* capability = object.capabilities_.front(); capability != nullptr;
         capability = object.capabilities_.next(*capability)) {
        const DropGuard* guard = capability->guard;
        if (guard == nullptr) {
            continue;
        }
        ++copies;
        const Capability* next = object.capabilities_.next(*capability);
        if (next == nullptr || next->guard != guard) {
            HOLD(guard->target_ == &object);
            HOLD(guard->copies_ == copies);
            HOLD(!guard->pending.linked());
            copies = 0;
        }
    }
    return nullptr;
}

Invariants::Broken Invariants::check_table(CapTable& table, Totals& totals) {
    std::uint64_t listed = 0;
    for (const Capability* slot = table.free_.front(); slot != nullptr;
         slot = table.free_.next(*slot)) {
        HOLD(slot->empty() && slot->table == &table);
        HOLD(slot->index >= CapTable::first_chosen);
        ++listed;
    }
    std::uint64_t empty_and_linked = 0;
    for (std::uint32_t i = 0; i < table.slots_; ++i) {
        const auto* page = table.directory_[i / CapTable::slots_per_page];
        if (page == nullptr) {
            // Slots from the fresh mark on, or named ones that were never used.
            HOLD(i >= table.fresh_ || i < CapTable::first_chosen);
            continue;
        }
        const Capability& slot = (*page)[i % CapTable::slots_per_page];
        HOLD(slot.table == &table && slot.index == i);
        if (!slot.empty()) {
            HOLD(!slot.lost);
            ++totals.slots_in_use;
            continue;
        }
        HOLD(slot.type == ObjectType::none);
        empty_and_linked += slot.link.linked() ? 1 : 0;
        // A slot that the kernel may choose is in the free list, or fresh, unless it is lost.
        HOLD(!slot.lost || !slot.link.linked());
        HOLD(i < CapTable::first_chosen || i >= table.fresh_ || slot.link.linked() || slot.lost);
    }
    HOLD(listed == empty_and_linked);
    for (const Thread* thread = table.threads_.front(); thread != nullptr;
         thread = table.threads_.next(*thread)) {
        HOLD(thread->table_ == &table);
    }
    return nullptr;
}

namespace {

template <class List>
std::uint64_t length(const List& list) {
    std::uint64_t count = 0;
    for (auto* item = list.front(); item != nullptr; item = list.next(*item)) {
        ++count;
    }
    return count;
}

}  // namespace

// Besides by capabilities, an object is held by:
std::uint64_t Invariants::uses_of(Object& object) {
    switch (object.type()) {
        case ObjectType::cap_table:     return length(static_cast<CapTable&>(object).threads_);
        case ObjectType::address_space: return length(static_cast<AddressSpace&>(object).threads_);
        case ObjectType::memory:        {
            auto& memory = static_cast<Memory&>(object);
            return length(memory.regions_) + length(memory.page_users_) + length(memory.clones_);
        }
        case ObjectType::sched_context:
            return static_cast<SchedContext&>(object).owner != nullptr ? 1 : 0;
        default: return 0;
    }
}

Invariants::Broken Invariants::check_references(Object& object) {
    HOLD(object.dying_ || !object.dying_link.linked());
    HOLD(object.references_ == length(object.capabilities_) + uses_of(object));
    HOLD(object.dying_ || object.references_ != 0);
    return nullptr;
}

}  // namespace kernel
