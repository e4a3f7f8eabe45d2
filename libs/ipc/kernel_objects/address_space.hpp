// SPDX-License-Identifier: MIT
// AddressSpace: page tables; and the futexes, which are named by address.
#pragma once

#include "libs/ipc/kernel_objects/memory.hpp"

namespace ipc {

struct Mapping {
    std::uint64_t address;
    std::uint64_t length;
    std::uint64_t offset = 0;  // in the Memory
    std::uint64_t flags = abi::MapFlags::read | abi::MapFlags::write;
};

// What is at an address: a region, or (flags 0, resident 0) the gap up to `start`, the next region
// or 0.
struct Region {
    bool mapped;
    std::uint64_t start;
    std::uint64_t length;
    std::uint64_t flags;
    std::uint64_t resident;
};

struct FutexRequeue {
    std::uint64_t address;
    std::uint64_t wake;
    std::uint64_t target;
    std::uint64_t move;
    bool compare = false;  // only if the word at `address` holds `expected`
    std::uint32_t expected = 0;
};
struct FutexRequeued {
    std::uint64_t woken;
    std::uint64_t moved;
};

struct AddressSpace : Object {
    using Op = abi::AddressSpaceOp;

    [[nodiscard]] KernelResult<void> map(Ref<Memory> memory, const Mapping& at) const {
        return detail::operate(index, Op::map,
                               {memory.index(), at.address, at.length, at.offset, at.flags});
    }
    [[nodiscard]] KernelResult<void> unmap(std::uint64_t address, std::uint64_t length) const {
        return detail::operate(index, Op::unmap, {address, length});
    }
    [[nodiscard]] KernelResult<void> protect(std::uint64_t address, std::uint64_t length,
                                             std::uint64_t flags) const {
        return detail::operate(index, Op::protect, {address, length, flags});
    }
    // `lent_below`: 0, or up to where the copy sees this space's own memory, until it settles.
    [[nodiscard]] KernelResult<Capability<AddressSpace>> clone(Ref<Bank> bank,
                                                               std::uint64_t lent_below = 0) const {
        return detail::obtain<AddressSpace>(index, Op::clone, {bank.index(), lent_below});
    }
    // False: nothing was lent to it.
    [[nodiscard]] KernelResult<bool> settle(bool keep_copy) const {
        return TRY(detail::ask(index, Op::settle, {keep_copy ? 1U : 0U}))[0] != 0;
    }
    [[nodiscard]] KernelResult<void> futex_wait(std::uint64_t address, std::uint32_t expected,
                                                std::uint32_t bitset = 0,
                                                OperationOptions options = {}) const {
        return detail::operate(index, Op::futex_wait, {address, expected, bitset}, 0, options);
    }
    [[nodiscard]] KernelResult<std::uint64_t> futex_wake(std::uint64_t address, std::uint64_t count,
                                                         std::uint32_t bitset = 0) const {
        return TRY(detail::ask(index, Op::futex_wake, {address, count, bitset}))[0];
    }
    [[nodiscard]] KernelResult<FutexRequeued> futex_requeue(const FutexRequeue& how) const {
        const Words words = TRY(detail::ask(
            index, Op::futex_requeue,
            {how.address, how.wake, how.target, how.move, how.compare ? 1U : 0U, how.expected}));
        return FutexRequeued{words[0], words[1]};
    }
    [[nodiscard]] KernelResult<Region> query(std::uint64_t address) const {
        const sys::Outcome outcome = detail::operate_raw(index, Op::query, {address});
        if (outcome.error == abi::Error::not_mapped) {
            return Region{false, outcome.words[0], 0, 0, 0};
        }
        if (outcome.error != abi::Error::ok) {
            return base::fail(outcome.error);
        }
        return Region{true, outcome.words[0], outcome.words[1], outcome.words[2], outcome.words[3]};
    }
};

inline Ref<AddressSpace> own_space() { return Ref<AddressSpace>{self().space}; }
inline Ref<Bank> own_bank() { return Ref<Bank>{self().bank}; }

}  // namespace ipc
