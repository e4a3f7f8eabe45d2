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
    arch::PageTables::Copied copied;
    regions_.for_each([&](Region& region) {
        if (done && region.start >= start && region.start < end &&
            (region.flags & MapFlags::on_clone_drop) == 0) {
            done = clone_region(copy, region, copied);
        }
    });
    regions_.for_each([](Region& region) { region.memory->clone_in_progress = nullptr; });
    flush_all();
    return done;
}

Result<> AddressSpace::clone_region(AddressSpace& copy, Region& region,
                                    arch::PageTables::Copied& copied) {
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
    // The entries are only a cache: where a table cannot be had, they are left out.
    const auto allocate = [&copy]() { return copy.bank().buy_frame(); };
    // Of the first rows, pages that are copied with it, and not when somebody writes. All rows are looked at with care if another
    // region shows the same Memory.
    const bool is_first = shared || mapping.memory->references() == 0;
    std::uint32_t at_once = 4, rows = shared ? 0 : is_first ? 4 : ~0U;
    const auto copy_first = [&](UserAddr address, arch::Entry& entry, arch::Entry* slot) {
        const std::uint64_t index = mapping.page_at(address.value());
        if (entry.writable()) {
            if (at_once != 0 && slot != nullptr && entry.take_written() && !entry.is_large()) {
                --at_once;
                if (const auto own = mapping.memory->page_for(index, true)) {
                    slot->set(own->frame, region.flags, true);
                    return;  // the frame here is nobody else's any more
                }
            }
            entry.write_protect();
        }
        // By another region of this Memory, the page may have been copied at once.
        if (slot != nullptr &&
            (is_first ||
             (!entry.is_large() && mapping.memory->lies_at(index, 1, entry.frame(), false)))) {
            *slot = entry;
        }
    };
    const UserAddr rest{tables_.for_each_copied(
        UserAddr{region.start}, UserAddr{region.end}, copy.tables_, copied, allocate,
        [&rows] { return rows-- != 0; }, copy_first)};
    if (rest.value() < region.end) {
        const std::uint64_t kept = shared ? ~std::uint64_t{0} : ~arch::Entry::bit_write;
        (void)tables_.for_each_copied(
            rest, UserAddr{region.end}, copy.tables_, copied, allocate, [] { return true; },
            [kept](UserAddr, arch::Entry& entry, arch::Entry* slot) {
                entry.keep(kept);
                if (slot != nullptr) {
                    *slot = entry;
                }
            });
    }
    const auto mapped = copy.map(mapping);
    if (!mapped && mapping.memory->references() == 0) {
        mapping.memory->end();
    }
    return mapped;
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
        (void)tables_.release_tables(
            UserAddr{end}, [] { return true; },
            [this](PhysAddr table) { bank().return_frame(table); });
        borrow(lender, end);
        return fail(copied.error());
    }
    return true;
}

}  // namespace kernel
