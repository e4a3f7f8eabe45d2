// SPDX-License-Identifier: MIT
#include "kernel/capability/capability.hpp"

#include "kernel/capability/drop_guard.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/object.hpp"

namespace kernel {

namespace {

constexpr std::uint32_t capability_units = 3;

void empty(Capability& slot) {
    slot.object = nullptr;
    slot.type = ObjectType::none;
}

}  // namespace

void make_root_capability(Capability& slot, Object& object, std::uint8_t rights) {
    static_cast<Grant&>(slot) = {.object = &object, .type = object.type(), .rights = rights};
    object.capabilities().push_front(slot);
    object.retain();
}

void derive_capability(Capability& slot, Capability& source, std::uint8_t rights) {
    static_cast<Grant&>(slot) = source;
    slot.revoking = false;
    slot.rights &= rights;
    ++slot.depth;
    Object::CapabilityList::insert_after(slot, source);
    slot.object->retain();
    if (slot.guard != nullptr) {
        slot.guard->add_copy();
    }
}

void move_capability(Capability& destination, Capability& slot) {
    static_cast<Grant&>(destination) = slot;
    Object::CapabilityList::insert_after(destination, slot);
    Object::CapabilityList::remove(slot);
    if (slot.object->leaving == &slot) {
        slot.object->leaving = &destination;
    }
    empty(slot);
    slot.table->put_back(slot);
}

namespace {

// False: there are more. Either way `slot` stands behind those that have moved up.
bool leave_children_to_parent(Capability& slot, Work& work) {
    Object& object = *slot.object;
    Object::CapabilityList& tree = object.capabilities();
    Capability* last = &slot;
    Capability* next = tree.next(slot);
    while (next != nullptr && next->depth > slot.depth && work.take()) {
        --next->depth;
        last = next;
        next = tree.next(*next);
    }
    if (last != &slot) {
        Object::CapabilityList::remove(slot);
        Object::CapabilityList::insert_after(slot, *last);
    }
    if (next == nullptr || next->depth <= slot.depth) {
        return true;
    }
    object.leaving = &slot;
    return false;
}

// Where depths are looked at, nobody may be on the way up.
bool finish_leaving(Object& object, Work& work) {
    if (object.leaving != nullptr) [[unlikely]] {
        if (!leave_children_to_parent(*object.leaving, work)) {
            return false;
        }
        object.leaving = nullptr;
    }
    return true;
}

}  // namespace

bool delete_capability(Capability& slot, Work& work) {
    // What is left of a revocation has no place of its own at the parent: it goes along.
    if (slot.revoking && !revoke_capability(slot, nullptr, work)) {
        return false;
    }
    if (!finish_leaving(*slot.object, work) || !leave_children_to_parent(slot, work) ||
        !work.take(capability_units)) {
        return false;
    }
    delete_leaf(slot);
    return true;
}

void delete_leaf(Capability& slot) {
    lose_leaf(slot);
    slot.table->put_back(slot);
}

void lose_leaf(Capability& slot) {
    Object* object = slot.object;
    DropGuard* guard = slot.guard;
    Object::CapabilityList::remove(slot);
    empty(slot);
    slot.lost = true;
    if (guard != nullptr) {
        guard->remove_copy();
    }
    object->release();
}

bool revoke_capability(Capability& capability, const Capability* used, Work& work) {
    if (!finish_leaving(*capability.object, work)) {
        return false;
    }
    Object::CapabilityList& tree = capability.object->capabilities();
    Capability* before = &capability;  // the one to go next follows
    Capability* last = nullptr;
    for (Capability* next = tree.next(capability);
         next != nullptr && next->depth > capability.depth; next = tree.next(*before)) {
        if (next == used) {
            before = last = next;
            continue;
        }
        if (!work.take(capability_units)) {
            capability.revoking = true;
            return false;
        }
        lose_leaf(*next);
    }
    capability.revoking = false;
    if (last != nullptr) {
        lose_leaf(*last);
    }
    return true;
}

}  // namespace kernel
