// SPDX-License-Identifier: MIT
#include <arch/window.hpp>

#include "kernel/object/address_space.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/futex.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/syscall/operation.hpp"

namespace kernel {

namespace {

using abi::AddressSpaceOp;
using abi::AddressSpaceRights;
using abi::MapFlags;
using abi::MemoryRights;

constexpr std::uint64_t user_pages = arch::user_end / base::page_size;
constexpr std::uint64_t known_flags = MapFlags::access | MapFlags::on_clone_share |
                                      MapFlags::on_clone_drop | MapFlags::uncached |
                                      MapFlags::write_combining | MapFlags::populate;

Result<> check_access(std::uint64_t flags) {
    const bool both = (flags & MapFlags::write) != 0 && (flags & MapFlags::execute) != 0;
    return refuse_if(both || (flags & ~known_flags) != 0, Error::invalid_argument);
}

Result<Answer> map(Operation& op, AddressSpace& space) {
    const std::uint64_t flags = op.word(4);
    TRY(check_access(flags));
    // Each access needs the right of the same number (address_space.cpp), and reading is always possible.
    const auto rights = static_cast<std::uint8_t>(flags & MapFlags::access) | MemoryRights::read;
    const Capability& capability = *TRY(lookup_cap<Memory>(op.caller, op.word(0), rights));
    auto* memory = static_cast<Memory*>(capability.object);
    const PageRange addresses = TRY(page_range(op.word(1), op.word(2), user_pages));
    const PageRange pages = TRY(page_range(op.word(3), op.word(2), Memory::max_pages));
    TRY(refuse_if(
        memory->is_physical() && !base::range_fits(pages.first, pages.count, memory->pages()),
        Error::out_of_range));
    TRY(refuse_if(addresses.first == 0, Error::out_of_range));  // page 0 stays unmapped
    TRY(space.map({.memory = memory,
                   .start = op.word(1),
                   .end = op.word(1) + op.word(2),
                   .first_page = pages.first,
                   .flags = flags & ~MapFlags::populate,
                   .allowed = capability.rights}));
    if ((flags & MapFlags::populate) != 0) {
        space.populate(op.word(1));
    }
    return answer();
}

Result<Answer> unmap(Operation& op, AddressSpace& space) {
    TRY(page_range(op.word(0), op.word(1), user_pages));
    Work work;
    return answer_when(TRY(space.unmap(op.word(0), op.word(1), work)));
}

// Not inlined, or mapping and unmapping save more registers.
[[gnu::noinline]] Result<Answer> protect(Operation& op, AddressSpace& space) {
    TRY(page_range(op.word(0), op.word(1), user_pages));
    TRY(refuse_if((op.word(2) & ~MapFlags::access) != 0, Error::invalid_argument));
    TRY(check_access(op.word(2)));
    return in_steps(op, [&](std::uint64_t& progress, Work& work) {
        return space.protect(op.word(0), op.word(1), op.word(2), progress, work);
    });
}

Result<Answer> clone(Operation& op, AddressSpace& space) {
    auto* bank = TRY(op.lookup<Bank>(0, abi::BankRights::create));
    const std::uint64_t lent_below = op.word(1);
    TRY(refuse_if(!base::is_aligned(lent_below, AddressSpace::lending_unit), Error::not_aligned));
    TRY(refuse_if(lent_below > arch::user_end, Error::out_of_range));
    return op.create([&] { return space.clone(*bank, lent_below); });
}

Result<Answer> query(Operation& op, AddressSpace& space) {
    const Region* region = space.region_at(op.word(0));
    if (region == nullptr) {
        // The one error that carries a word: where to look next.
        const Region* next = space.region_at_or_after(op.word(0));
        op.caller.word(0) = next != nullptr ? next->start : 0;
        return fail(Error::not_mapped);
    }
    return answer(region->start, region->end - region->start, region->flags,
                  space.resident_bytes(*region));
}

Result<> check_word_address(std::uint64_t address) {
    return refuse_if(!base::is_aligned(address, sizeof(std::uint32_t)), Error::not_aligned);
}

std::uint32_t bitset_of(std::uint64_t word) {
    const auto bits = static_cast<std::uint32_t>(word);
    return bits == 0 ? ~std::uint32_t{0} : bits;
}

Result<Answer> futex_operation(Operation& op, AddressSpace& space) {
    TRY(op.need(AddressSpaceRights::futex));
    TRY(check_word_address(op.word(0)));
    switch (op.label<AddressSpaceOp>()) {
        case AddressSpaceOp::futex_wait:
            TRY(futex::wait(op.caller, space, op.word(0), static_cast<std::uint32_t>(op.word(1)),
                            bitset_of(op.word(2))));
            return answer();
        case AddressSpaceOp::futex_wake:
            return answer(TRY(futex::wake(space, op.word(0), op.word(1), bitset_of(op.word(2)))));
        default: break;
    }
    TRY(check_word_address(op.word(2)));
    futex::RequeueRequest request{
        .from = op.word(0), .wake_count = op.word(1), .to = op.word(2), .move_count = op.word(3)};
    if ((op.word(4) & 1) != 0) {
        request.expected = static_cast<std::uint32_t>(op.word(5));
    }
    const auto result = TRY(futex::requeue(space, request));
    return answer(result.woken, result.moved);
}

}  // namespace

Result<Answer> invoke(Operation& op, AddressSpace& space) {
    switch (op.label<AddressSpaceOp>()) {
        case AddressSpaceOp::map:   TRY(op.need(AddressSpaceRights::map)); return map(op, space);
        case AddressSpaceOp::unmap: TRY(op.need(AddressSpaceRights::map)); return unmap(op, space);
        case AddressSpaceOp::protect:
            TRY(op.need(AddressSpaceRights::map));
            return protect(op, space);
        case AddressSpaceOp::clone:
            TRY(op.need(AddressSpaceRights::clone));
            return clone(op, space);
        case AddressSpaceOp::settle:
            TRY(op.need(AddressSpaceRights::map));
            return answer(TRY(space.settle(op.word(0) != 0)) ? 1U : 0U);
        case AddressSpaceOp::futex_wait:
        case AddressSpaceOp::futex_wake:
        case AddressSpaceOp::futex_requeue: return futex_operation(op, space);
        case AddressSpaceOp::query:         TRY(op.need(AddressSpaceRights::map)); return query(op, space);
    }
    return fail(Error::bad_system_call);
}

}  // namespace kernel
