// SPDX-License-Identifier: MIT
// Object: what all kernel objects have.
//
// Life. An object is bought from a bank, in which it stays listed. It lives while it has `references`: capabilities, and
// uses by other objects (a mapping uses a Memory, a thread its address space). When the last one goes, it is put on the
// list of the dying, which the kernel works off before it leaves (`reap`): never recursively, because user code chooses how
// long a chain of last references is.
//
// When its bank is destroyed an object dies although it is used: `Object::destroy` then deletes its capabilities, and
// every kind's `sever` takes it out of the hands of all its users, which each object can list.
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/kernel/object.hpp"
#include "kernel/capability/capability.hpp"
#include "libs/base/list.hpp"

namespace kernel {

class Bank;

using abi::ObjectType;

class Object {
public:
    Object(ObjectType type, Bank& bank) : bank_(&bank), type_(type) {}
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    [[nodiscard]] ObjectType type() const { return type_; }
    [[nodiscard]] Bank& bank() const { return *bank_; }

    void retain() { ++references_; }
    void release() {
        if (--references_ == 0) {
            start_dying();
        }
    }

    // Ends the object now: its capabilities, its uses, its memory. Safe for any object in a bank's list.
    void destroy();

    // Destroys the objects whose last reference went. Called before the kernel is left.
    static void reap();

    using CapabilityList = base::List<Capability, &Capability::link>;
    [[nodiscard]] CapabilityList& capabilities() { return capabilities_; }
    [[nodiscard]] std::uint32_t references() const { return references_; }

    base::ListLink bank_link;

protected:
    // Not virtual: objects are destroyed by `destroy` alone.
    ~Object() = default;

private:
    void start_dying();

    Bank* bank_;
    CapabilityList capabilities_;
    std::uint32_t references_ = 0;
    ObjectType type_;
    bool dying_ = false;
    base::ListLink dying_link_;

    friend struct DyingList;
    friend class Invariants;
};

}  // namespace kernel
