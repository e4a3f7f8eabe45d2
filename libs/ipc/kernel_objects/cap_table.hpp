// SPDX-License-Identifier: MIT
//
// CapTable: the capabilities of one protection domain, and the forms that act on the program's own
// table.
//
// `->copy` and its relatives name the destination table: what they take from the caller's own table
// is put into the table that the capability names, and the slot they return is one of that table.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "libs/ipc/kernel_objects/bank.hpp"
#include "libs/ipc/message_page.hpp"

namespace ipc {

struct CapabilityInfo {
    abi::ObjectType type;
    std::uint8_t rights;
    std::uint64_t badge;
};

struct MintOptions {
    std::uint64_t badge = 0;
    std::uint8_t rights = abi::all_rights;
    std::uint64_t flags = 0;  // abi::MintFlags
};

// What CapTable::fill does, one of many.
[[nodiscard]] inline abi::Placement copied(AnyRef source, std::uint8_t rights = abi::all_rights,
                                           CapIndex slot = abi::any_slot) {
    return {.source = source.index(),
            .rights = rights,
            .slot = slot,
            .badge = 0,
            .flags = 0,
            .how = abi::CapTableOp::copy};
}
[[nodiscard]] inline abi::Placement minted(AnyRef source, const MintOptions& options,
                                           CapIndex slot = abi::any_slot) {
    return {.source = source.index(),
            .rights = options.rights,
            .slot = slot,
            .badge = options.badge,
            .flags = options.flags,
            .how = abi::CapTableOp::mint};
}
[[nodiscard]] inline abi::Placement moved(AnyRef source, CapIndex slot = abi::any_slot) {
    return {.source = source.index(),
            .rights = 0,
            .slot = slot,
            .badge = 0,
            .flags = 0,
            .how = abi::CapTableOp::move};
}

struct CapTable : Object {
    using Op = abi::CapTableOp;

    [[nodiscard]] KernelResult<CapIndex> copy(AnyRef source, std::uint8_t rights = abi::all_rights,
                                              CapIndex slot = abi::any_slot) const {
        return slot_of(detail::ask(index, Op::copy, {source.index(), rights, slot}));
    }
    [[nodiscard]] KernelResult<CapIndex> mint(AnyRef source, const MintOptions& options,
                                              CapIndex slot = abi::any_slot) const {
        return slot_of(detail::ask(
            index, Op::mint, {source.index(), options.rights, slot, options.badge, options.flags}));
    }
    // The capability leaves the caller's table; on an error it stays with the caller.
    template <class T>
    [[nodiscard]] KernelResult<CapIndex> move(Capability<T>&& source,
                                              CapIndex slot = abi::any_slot) const {
        const CapIndex moved =
            TRY(slot_of(detail::ask(index, Op::move, {source.index(), 0, slot})));
        (void)source.release();
        return moved;
    }
    [[nodiscard]] KernelResult<void> remove(CapIndex slot) const {
        return detail::operate(index, Op::remove, {slot});
    }
    // Many at once, of `from` (right manage) or the caller's own table, in this order. Each then has its slot. On an error those
    // before the one that failed have been done; the others have slot 0.
    [[nodiscard]] KernelResult<void> fill(std::span<abi::Placement> placements,
                                          Ref<CapTable> from = {}) const {
        while (!placements.empty()) {
            const auto part = placements.first(std::min(placements.size(), abi::most_placed));
            put_payload(std::as_bytes(part));
            const sys::Outcome outcome =
                detail::operate_raw(index, Op::fill, {from.index()}, part.size_bytes());
            if (outcome.error != abi::Error::ok) {
                for (abi::Placement& undone : placements) {
                    undone.slot = abi::no_capability;
                }
                return base::fail(outcome.error);
            }
            std::memcpy(part.data(), message_page().data(), part.size_bytes());
            placements = placements.subspan(outcome.words[0]);
        }
        return {};
    }
    // Deletes everything that was derived from the capability in this slot, in every table.
    [[nodiscard]] KernelResult<void> revoke(CapIndex slot) const {
        return detail::operate(index, Op::revoke, {slot});
    }
    // From slot `first` on.
    [[nodiscard]] KernelResult<Capability<CapTable>> clone(Ref<Bank> bank,
                                                           std::uint64_t first = 0) const {
        return detail::obtain<CapTable>(index, Op::clone, {bank.index(), first});
    }
    [[nodiscard]] KernelResult<CapabilityInfo> query(CapIndex slot) const {
        const Words words = TRY(detail::ask(index, Op::query, {slot}));
        return CapabilityInfo{static_cast<abi::ObjectType>(words[0]),
                              static_cast<std::uint8_t>(words[1]), words[2]};
    }
    // Moves the capability in this table's slot to the caller's table. As fill, it overwrites the message page.
    template <class T>
    [[nodiscard]] KernelResult<Capability<T>> take(CapIndex slot) const {
        abi::Placement one = moved(AnyRef{slot});
        TRY(Ref<CapTable> { self().table } -> fill({&one, 1}, Ref<CapTable>{index}));
        return Capability<T>{static_cast<CapIndex>(one.slot)};
    }

private:
    static KernelResult<CapIndex> slot_of(const KernelResult<Words>& answer) {
        if (!answer) {
            return base::fail(answer.error());
        }
        return static_cast<CapIndex>((*answer)[0]);
    }
};

inline Ref<CapTable> own_table() { return Ref<CapTable>{self().table}; }

// Another capability to the same object in the own table, with at most these rights.
template <class T>
KernelResult<Capability<T>> copy(Ref<T> source, std::uint8_t rights = abi::all_rights) {
    return Capability<T>{TRY(own_table()->copy(source, rights))};
}

// A capability that carries a badge, in the own table. T is what it means to the one who gets it:
// `mint<fs::File>(endpoint, {.badge = number, .rights = abi::EndpointRights::call})`.
template <class T, class Source>
KernelResult<Capability<T>> mint(Ref<Source> source, const MintOptions& options) {
    return Capability<T>{TRY(own_table()->mint(source, options))};
}

}  // namespace ipc
