// SPDX-License-Identifier: MIT
// A capability: one slot of a capability table.
//
// It names an object, with rights, and a badge. All capabilities of one object form its derivation tree, kept as a list in
// pre-order with depths: what was derived from a capability follows it, deeper, up to the next one that is not deeper.
// So deriving is an insertion behind the source, and revoking removes the following deeper ones. Deleting one in the middle leaves
// its children to its parent: all that was derived from it moves up by one, or it would look like its elder sibling's.
//
// If that are very many, it is not done at once: what is being deleted (Object::leaving) then goes along, and always stands before the
// first one that still is to move up. It can be used until it is gone.
//
// An empty slot is in its table's free list, by the same links. Slots do not move in memory while they are in use.
//
// A slot is free when its user has emptied it. One that others emptied (the object died, the capability was revoked) is lost: it names
// nothing, and is not chosen again before it is removed as well. Else whoever still knows its index would take what had come
// there meanwhile for his own, and remove that.
#pragma once

#include <cstdint>

#include "abi/kernel/object.hpp"
#include "kernel/object/work.hpp"
#include "libs/base/list.hpp"

namespace kernel {

class Object;
using abi::ObjectType;
class CapTable;
class DropGuard;

// What a capability says, wherever it is: all that a message needs to know of the object's kind, too.
struct Grant {
    Object* object = nullptr;
    std::uint64_t badge = 0;
    DropGuard* guard = nullptr;
    std::uint32_t depth = 0;             // at most one more than the one's before it
    ObjectType type = ObjectType::none;  // the object's; none: empty
    std::uint8_t rights = 0;
    bool badged = false;
    // What is derived from it is being revoked, the eldest first: what is left may be deeper than its place.
    bool revoking = false;

    [[nodiscard]] bool empty() const { return object == nullptr; }
    [[nodiscard]] bool allows(std::uint8_t right) const { return (rights & right) == right; }
    [[nodiscard]] bool is(ObjectType kind, std::uint8_t right) const {
        return type == kind && allows(right);
    }
};

// A slot of a table, one cache line.
struct alignas(64) Capability : Grant {
    base::ListLink link;        // derivation tree, or the table's free list
    CapTable* table = nullptr;  // where this slot is
    std::uint32_t index = 0;
    bool lost = false;
};

static_assert(sizeof(Capability) == 64);

// Fills an empty slot (already taken out of its table's free list).
// The first capability of an object:
void make_root_capability(Capability& slot, Object& object, std::uint8_t rights);
// A child of `source`, with some of its rights:
void derive_capability(Capability& slot, Capability& source, std::uint8_t rights);
// Empties `slot` and gives its place in the derivation tree to `destination`.
void move_capability(Capability& destination, Capability& slot);
// Empties the slot and returns it to its table. The object's last capability takes the object along (see Object). False: `work` does
// not go as far, and the slot is in use until this is called again. One that is being revoked takes along what is left to revoke.
[[nodiscard]] bool delete_capability(Capability& slot, Work& work);
// The same, at once, of one that nothing is derived from, or whose children are about to go as well.
void delete_leaf(Capability& slot);
// The same, but not at the wish of the slot's user, whose it stays.
void lose_leaf(Capability& slot);
// Deletes everything derived from it, as far as `work` goes; what is derived in the meantime goes as well. True: there is no more.
// `used` goes last, because it is needed to go on.
[[nodiscard]] bool revoke_capability(Capability& capability, const Capability* used, Work& work);

}  // namespace kernel
