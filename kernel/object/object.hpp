// SPDX-License-Identifier: MIT
// Object: what all kernel objects have.
//
// Life. An object is bought from a bank, in which it stays listed. It lives while it has `references`: capabilities, and
// uses by other objects (a mapping uses a Memory, a thread its address space). When the last one goes, it begins to die: it is
// put on a list that is worked off before the thread goes on (pending.hpp): never recursively, because user code chooses how
// long a chain of last references is.
//
// When its bank is destroyed an object dies although it is used: `take_apart` then deletes its capabilities, and
// every kind's `sever` takes it out of the hands of all its users, which each object can list. Both do as much as their
// Work allows and go on when they are called again. What is half apart is an object as any other in the meantime, but:
// no capability to it can be derived, and operations on it answer `dead`, as long as there are capabilities left.
#pragma once

#include <cstddef>
#include <cstdint>

#include "abi/kernel/object.hpp"
#include "kernel/capability/capability.hpp"
#include "kernel/object/work.hpp"
#include "kernel/result.hpp"
#include "kernel/sched/kernel_lock.hpp"
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

    void retain() {
        KernelLock::check_held();
        ++references_;
    }
    void release() {
        KernelLock::check_held();
        if (--references_ == 0 && !dying_) {
            end();
        }
    }

    // It dies, references or not, before the thread that is in the kernel goes on.
    void end();
    [[nodiscard]] bool is_dying() const { return dying_; }

    // Ends its capabilities, its uses, its memory, as far as `work` goes. True: it is gone. Safe for any object in a bank's list.
    [[nodiscard]] bool take_apart(Work& work);

    using CapabilityList = base::List<Capability, &Capability::link>;
    [[nodiscard]] CapabilityList& capabilities() { return capabilities_; }
    Capability* leaving = nullptr;  // the one whose children are moving up
    // When its bank ends, it does so before objects of other kinds.
    static constexpr bool ends_first = false;
    [[nodiscard]] std::uint32_t references() const { return references_; }

    base::ListLink bank_link;
    base::ListLink dying_link;

protected:
    // Not virtual: objects are destroyed by `destroy` alone.
    ~Object() = default;
    void begin_dying() { dying_ = true; }

private:
    Bank* bank_;
    CapabilityList capabilities_;
    std::uint32_t references_ = 0;
    ObjectType type_;
    bool dying_ = false;

    friend class Invariants;
};

using DyingList = base::List<Object, &Object::dying_link>;

// What has just been made, if all that it needs could be had; else it dies again.
template <class T>
[[nodiscard]] Result<T*> keep_if(const Result<>& complete, T* made) {
    if (!complete) [[unlikely]] {
        made->end();
        return fail(complete.error());
    }
    return made;
}

}  // namespace kernel
