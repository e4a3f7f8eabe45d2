// SPDX-License-Identifier: MIT
// DropGuard: counts the copies of one minted capability, and tells when the last has gone.
//
// All capabilities derived from a capability minted with a guard carry the guard. When its count falls to zero, an
// endpoint's receiver gets a drop message with the badge, after the calls that already wait there (until then the guard
// waits in the endpoint's list, so that nothing has to be allocated to tell); a notification is signalled with the badge as
// its bits.
//
// It is a block of the bank of its target, and dies with it.
#pragma once

#include <cstdint>

#include "abi/kernel/message.hpp"
#include "kernel/capability/capability.hpp"
#include "kernel/result.hpp"
#include "libs/base/list.hpp"

namespace kernel {

class DropGuard {
public:
    DropGuard(Object& target, std::uint64_t badge) : target_(&target), badge_(badge) {}

    // Makes a guard for `minted`, a badged capability to an endpoint or a notification, and counts it.
    static Result<> attach(Capability& minted);

    [[nodiscard]] std::uint64_t badge() const { return badge_; }
    [[nodiscard]] bool is_only() const { return copies_ == 1; }
    void add_copy() { ++copies_; }
    void remove_copy();
    // Gives the block back.
    void free();

    base::ListLink pending;     // in its endpoint's list of drops to tell
    std::uint64_t arrival = 0;  // there

private:
    friend class Invariants;
    Object* target_;
    std::uint64_t badge_;
    std::uint32_t copies_ = 0;
};

// The tag of a call, as its receiver gets it: `only_copy` stays if it is true.
inline abi::Tag told_of_copies(abi::Tag tag, const Grant& used) {
    const bool is_only = used.guard != nullptr && used.guard->is_only();
    return is_only ? tag : abi::Tag{tag.raw & ~abi::Tag::only_copy};
}

using DropList = base::List<DropGuard, &DropGuard::pending>;

}  // namespace kernel
