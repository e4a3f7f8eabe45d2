// SPDX-License-Identifier: MIT
// Cloning and lending of address spaces.
#include "kernel/object/address_space.hpp"

#include "abi/kernel/operation.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/memory.hpp"

namespace kernel {

using abi::MapFlags;

// ---- cloning ----------------------------------------------------------------------------------------------

Result<AddressSpace*> AddressSpace::clone(Bank& bank, std::uint64_t lent_below) {
    TRY(refuse_if(lender_ != nullptr && lent_below != 0 && lent_below != lent_below_,
                  Error::invalid_argument));
    const Region* across = regions_.at_or_before(lent_below);
    TRY(refuse_if(across != nullptr && across->start < lent_below && across->end > lent_below,
                  Error::overlap));
    AddressSpace* copy = TRY(create(bank));
    Result<> done;
    if (lent_below != 0) {
        copy->borrow(lender_ != nullptr ? *lender_ : *this, lent_below);
    } else if (lender_ != nullptr) {
        done = lender_->clone_regions(*copy, 0, lent_below_);
    }
    if (done) {
        done = clone_regions(*copy, lent_below, arch::user_end);
    }
    return keep_if(done, copy);
}

Result<> AddressSpace::clone_regions(AddressSpace& copy, std::uint64_t start, std::uint64_t end) {
    Result<> done;
    for (Region* region = regions_.at_or_after(start);
         region != nullptr && region->start < end && done;
         region = regions_.at_or_after(region->end)) {
        done = clone_region(copy, *region);
    }
    for (Region* region = regions_.at_or_after(start); region != nullptr && region->start < end;
         region = regions_.at_or_after(region->end)) {
        region->memory->clone_in_progress = nullptr;
    }
    flush_all();
    return done;
}

Result<> AddressSpace::clone_region(AddressSpace& copy, Region& region) {
    if ((region.flags & MapFlags::on_clone_drop) != 0) {
        return {};
    }
    const bool shared =
        (region.flags & MapFlags::on_clone_share) != 0 || region.memory->is_physical();
    Mapping mapping = region;
    if (!shared) {
        if (region.memory->clone_in_progress == nullptr) {
            region.memory->clone_in_progress =
                TRY(region.memory->clone(copy.bank(), 0, region.memory->pages(), this));
        }
        mapping.memory = region.memory->clone_in_progress;
    }
    const auto mapped = copy.map(mapping);
    if (!mapped) {
        if (mapping.memory->references() == 0) {
            mapping.memory->end();
        }
        return mapped;
    }
    // The entries are only a cache: where a table cannot be had, they are left out.
    const auto allocate = [&copy]() { return copy.bank().buy_frame(); };
    tables_.for_each_copied(UserAddr{region.start}, UserAddr{region.end}, copy.tables_, allocate,
                            [shared](arch::Entry& entry, arch::Entry* slot) {
                                if (!shared) {
                                    entry.write_protect();
                                }
                                if (slot != nullptr) {
                                    *slot = entry;
                                }
                            });
    return {};
}

// ---- lending ----------------------------------------------------------------------------------------------

void AddressSpace::borrow(AddressSpace& lender, std::uint64_t below) {
    lender_ = &lender;
    lent_below_ = below;
    lender.borrowers_.push_back(*this);
    lender.tables_.lend(tables_, UserAddr{below});
}

void AddressSpace::stop_borrowing() {
    tables_.return_lent(UserAddr{lent_below_});
    borrowers_.remove(*this);
    lender_ = nullptr;
    lent_below_ = 0;
    flush_all();
}

Result<bool> AddressSpace::settle(bool keep_copy) {
    if (lender_ == nullptr) {
        return false;
    }
    AddressSpace& lender = *lender_;
    const std::uint64_t end = lent_below_;
    stop_borrowing();
    if (!keep_copy) {
        return true;
    }
    const auto copied = lender.clone_regions(*this, 0, end);
    if (!copied) {
        while (Region* region = regions_.first()) {
            if (region->start >= end) {
                break;
            }
            forget_region(*region);
        }
        tables_.release_below(UserAddr{end},
                              [this](PhysAddr table) { bank().return_frame(table); });
        borrow(lender, end);
        return fail(copied.error());
    }
    return true;
}

}  // namespace kernel
