// SPDX-License-Identifier: MIT
#include "kernel/capability/capability.hpp"

#include "kernel/capability/drop_guard.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/object.hpp"

namespace kernel {

void make_root_capability(Capability& slot, Object& object, std::uint8_t rights) {
    slot.object = &object;
    slot.badge = 0;
    slot.guard = nullptr;
    slot.badged = false;
    slot.revoking = false;
    slot.type = object.type();
    slot.rights = rights;
    slot.depth = 0;
    object.capabilities().push_front(slot);
    object.retain();
}

void derive_capability(Capability& slot, Capability& source, std::uint8_t rights) {
    slot.object = source.object;
    slot.badge = source.badge;
    slot.guard = source.guard;
    slot.badged = source.badged;
    slot.revoking = false;
    slot.type = source.type;
    slot.rights = source.rights & rights;
    slot.depth = source.depth + 1;
    Object::CapabilityList::insert_after(slot, source);
    slot.object->retain();
    if (slot.guard != nullptr) {
        slot.guard->add_copy();
    }
}

void move_capability(Capability& destination, Capability& slot) {
    destination.object = slot.object;
    destination.badge = slot.badge;
    destination.guard = slot.guard;
    destination.badged = slot.badged;
    destination.revoking = slot.revoking;
    destination.type = slot.type;
    destination.rights = slot.rights;
    destination.depth = slot.depth;
    Object::CapabilityList::insert_after(destination, slot);
    Object::CapabilityList::remove(slot);
    slot.object = nullptr;
    slot.type = ObjectType::none;
    slot.table->put_back(slot);
}

namespace {

void leave_children_to_parent(Capability& slot) {
    Object::CapabilityList& tree = slot.object->capabilities();
    for (Capability* next = tree.next(slot); next != nullptr && next->depth > slot.depth;
         next = tree.next(*next)) {
        --next->depth;
    }
}

}  // namespace

void delete_capability(Capability& slot) {
    leave_children_to_parent(slot);
    delete_leaf(slot);
}

void delete_leaf(Capability& slot) {
    Object* object = slot.object;
    DropGuard* guard = slot.guard;
    Object::CapabilityList::remove(slot);
    slot.object = nullptr;
    slot.type = ObjectType::none;
    slot.table->put_back(slot);
    if (guard != nullptr) {
        guard->remove_copy();
    }
    object->release();
}

bool revoke_capability(Capability& capability, const Capability* used, Work& work) {
    Object::CapabilityList& tree = capability.object->capabilities();
    Capability* before = &capability;  // the one to go next follows
    Capability* last = nullptr;
    for (Capability* next = tree.next(capability);
         next != nullptr && next->depth > capability.depth; next = tree.next(*before)) {
        if (next == used) {
            before = last = next;
            continue;
        }
        if (!work.take(3)) {
            capability.revoking = true;
            return false;
        }
        delete_leaf(*next);
    }
    capability.revoking = false;
    if (last != nullptr) {
        delete_leaf(*last);
    }
    return true;
}

}  // namespace kernel
