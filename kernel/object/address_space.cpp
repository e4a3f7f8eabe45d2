// SPDX-License-Identifier: MIT
#include "kernel/object/address_space.hpp"

#include <algorithm>
#include <new>

#include <arch/cpu.hpp>

#include "abi/kernel/object.hpp"
#include "abi/kernel/operation.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "kernel/sched/scheduler.hpp"
#include "libs/base/align.hpp"

namespace kernel {

namespace {

using abi::MapFlags;

// What a region may be protected to is compared with the rights that it was mapped with.
static_assert(MapFlags::read == abi::MemoryRights::read &&
              MapFlags::write == abi::MemoryRights::write &&
              MapFlags::execute == abi::MemoryRights::execute);

// Bytes; one by one is the shorter way.
constexpr std::uint64_t few = 4 * Bank::page_bytes;

constexpr std::uint64_t large_bytes = arch::PageTables::large_bytes;

}  // namespace

Result<AddressSpace*> AddressSpace::create(Bank& bank) {
    const PhysAddr root = TRY(bank.buy_frame());
    const auto space = bank.make<AddressSpace>(bank, root);
    if (!space) {
        bank.return_frame(root);
        return space;
    }
    arch::PageTables::initialise_root(root);
    return space;
}

// ---- regions ----------------------------------------------------------------------------------------------

Region* AddressSpace::region_at(std::uint64_t address) const {
    return is_lent(address) ? lender_->own_region_at(address) : own_region_at(address);
}

Region* AddressSpace::own_region_at(std::uint64_t address) const {
    if (latest_ == nullptr || address - latest_->start >= latest_->end - latest_->start) {
        latest_ = regions_.at_or_before(address);
    }
    return latest_ != nullptr && address < latest_->end ? latest_ : nullptr;
}

Region* AddressSpace::region_at_or_after(std::uint64_t address) const {
    if (is_lent(address)) {
        Region* region = lender_->region_at_or_after(address);
        return region != nullptr && is_lent(region->start) ? region
                                                           : regions_.at_or_after(lent_below_);
    }
    return regions_.at_or_after(address);
}

Result<Region*> AddressSpace::add_region(const Mapping& mapping) {
    auto* region = new (TRY(bank().buy_block(sizeof(Region)))) Region(mapping, *this);
    regions_.insert(*region);
    mapping.memory->add_region(*region);
    return region;
}

Result<> AddressSpace::map(const Mapping& mapping) {
    TRY(is_lent(mapping.start) ? settle(true) : false);
    const Region* before = regions_.at_or_before(mapping.end - 1);
    TRY(refuse_if(before != nullptr && before->end > mapping.start, Error::overlap));
    latest_ = TRY(add_region(mapping));
    return {};
}

void AddressSpace::populate(std::uint64_t start) {
    const Region& region = *own_region_at(start);
    const bool shown = (region.flags & MapFlags::access) != 0;
    const std::uint64_t end = shown ? std::min(region.end, region.start + large_bytes) : 0;
    arch::Entry* entry = nullptr;
    for (std::uint64_t at = region.start; at < end && (entry = entry_for(at)) != nullptr;) {
        at += enter_near(region, at, entry) * Bank::page_bytes;
    }
}

bool AddressSpace::delete_region(Region& region, Work& work) {
    if (work.is_done()) {
        return false;
    }
    const std::uint64_t reached = clear_entries(region.start, region.end, work);
    if (reached != region.end) {
        region.first_page = region.page_at(reached);
        region.start = reached;  // it keeps its place in the tree of regions
        return false;
    }
    work.spend(2);
    forget_region(region);
    return true;
}

void AddressSpace::forget_region(Region& region) {
    regions_.remove(region);
    latest_ = nullptr;
    region.memory->remove_region(region);
    bank().return_block(&region, sizeof(Region));
}

Result<> AddressSpace::split_at(std::uint64_t address) {
    Region* region = region_at(address);
    if (region == nullptr || region->start == address) {
        return {};
    }
    Mapping upper = *region;
    upper.start = address;
    upper.first_page = region->page_at(address);
    TRY(add_region(upper));
    region->end = address;
    if (address % large_bytes != 0) {
        (void)break_large(address, true);
    }
    return {};
}

Result<bool> AddressSpace::unmap(std::uint64_t start, std::uint64_t length, Work& work) {
    TRY(is_lent(start) ? settle(true) : false);
    const std::uint64_t end = start + length;
    // Mostly what was mapped is unmapped as it was.
    if (Region* region = own_region_at(start);
        region != nullptr && region->start == start && region->end == end) {
        if (length > few) {
            return delete_region(*region, work);
        }
        clear_few(start, end);
        forget_region(*region);
        return true;
    }
    TRY(split_at(start));
    TRY(split_at(end));
    while (Region* region = regions_.at_or_after(start)) {
        if (region->start >= end) {
            break;
        }
        if (!delete_region(*region, work)) {
            return false;
        }
    }
    return true;
}

Result<std::uint64_t> AddressSpace::check_protect(std::uint64_t from, std::uint64_t end,
                                                  std::uint64_t access, Work& work) const {
    while (from < end && work.take()) {
        const Region* region = region_at(from);
        TRY(refuse_if(region == nullptr, Error::not_mapped));
        TRY(refuse_if((access & ~std::uint64_t{region->allowed}) != 0, Error::missing_right));
        from = region->end;
    }
    return std::min(from, end);
}

Result<bool> AddressSpace::protect(std::uint64_t start, std::uint64_t length, std::uint64_t access,
                                   std::uint64_t& progress, Work& work) {
    constexpr std::uint64_t changing = 1;  // in `progress`: all has been looked at
    TRY(is_lent(start) ? settle(true) : false);
    const std::uint64_t end = start + length;
    std::uint64_t at = std::max(start, progress & ~changing);
    if ((progress & changing) == 0) {
        at = TRY(check_protect(at, end, access, work));
        if (at < end) {
            progress = at;
            return false;
        }
        at = start;
    }
    TRY(split_at(start));
    TRY(split_at(end));
    for (;;) {
        Region* region = own_region_at(at);
        if (region == nullptr) {
            region = regions_.at_or_after(at);
        }
        if (region == nullptr || region->start >= end) {
            return true;
        }
        if (!work.is_done()) {
            at = TRY(protect_region(*region, access, (progress & changing) != 0, work));
        }
        if (work.is_done()) {
            progress = at | changing;
            return false;
        }
    }
}

// What is not done yet is a region of its own, with the access it had. -> where it begins, or the end
Result<std::uint64_t> AddressSpace::protect_region(Region& region, std::uint64_t access,
                                                   bool goes_on, Work& work) {
    const std::uint64_t flags = (region.flags & ~MapFlags::access) | access;
    if (flags == region.flags) {
        work.spend(1);
        return region.end;
    }
    // Between two steps others may have mapped something else there.
    TRY(refuse_if((access & ~std::uint64_t{region.allowed}) != 0, Error::missing_right));
    const std::uint64_t start = region.start;
    // Entries come back with the new access when they are touched.
    const std::uint64_t reached = clear_entries(start, region.end, work);
    work.spend(2);
    Region* done = goes_on ? own_region_at(start - 1) : nullptr;
    if (done == nullptr || done->memory != region.memory || done->flags != flags ||
        done->allowed != region.allowed || done->page_at(start) != region.first_page) {
        TRY(split_at(reached));
        region.flags = reached != start ? flags : region.flags;
        return reached;
    }
    done->end = reached;
    if (reached == region.end) {
        forget_region(region);
    } else {
        region.first_page = region.page_at(reached);
        region.start = reached;
    }
    return reached;
}

// ---- entries ----------------------------------------------------------------------------------------------

arch::Entry* AddressSpace::entry_for(std::uint64_t address) {
    return tables_.entry(UserAddr{address}, [this]() { return bank().buy_frame(); });
}

void AddressSpace::flush(std::uint64_t address) {
    if (arch::is_active(root())) {
        arch::invalidate_page(UserAddr{address});
    }
    if (KernelLock::many() || !borrowers_.empty()) [[unlikely]] {
        flush_others();
    }
}

// All, for one page, too: several CPUs are told at their next visit, and a borrower does not live long.
void AddressSpace::flush_others() {
    if (KernelLock::many()) {
        Scheduler::flush_elsewhere(root());
    }
    borrowers_.for_each([](AddressSpace& borrower) { borrower.flush_all(); });
}

void AddressSpace::flush_all() {
    if (arch::is_active(root())) {
        arch::flush_user();
    }
    flush_others();
}

bool AddressSpace::resolve(Thread& thread, std::uint64_t address, bool write, bool execute) {
    AddressSpace& holder = is_lent(address) ? *lender_ : *this;
    const bool resolved = holder.resolve_own(thread, address, write, execute);
    if (&holder != this) [[unlikely]] {
        holder.tables_.lend_one(tables_, UserAddr{address});
    }
    return resolved;
}

bool AddressSpace::resolve_own(Thread& thread, std::uint64_t address, bool write, bool execute) {
    const Region* region = own_region_at(address);
    if (region == nullptr || (region->flags & MapFlags::access) == 0 ||
        (write && (region->flags & MapFlags::write) == 0) ||
        (execute && (region->flags & MapFlags::execute) == 0)) {
        return false;
    }
    Memory& memory = *region->memory;
    const std::uint64_t index = region->page_at(address);
    if (memory.must_ask_for(index)) {
        thread.wait_for_page(memory, index, address);
        return true;
    }
    const auto page = memory.page_for(index, write);
    if (!page) {
        return false;
    }
    if (page->pager_of != nullptr) {
        thread.wait_for_page(*page->pager_of, page->pager_page, address);
        return true;
    }
    const Near near = execute ? Near::always : write ? Near::never : Near::if_touched;
    return enter(*region, address, *page, near);
}

bool AddressSpace::enter(const Region& region, std::uint64_t address, const Memory::Page& page,
                         Near near) {
    arch::Entry* entry = tables_.entry_there(UserAddr{address});
    if (entry == nullptr) [[unlikely]] {
        const std::uint64_t start = base::align_down(address, large_bytes);
        if (start >= region.start && region.end - start >= large_bytes &&
            enter_large(region, address, page)) {
            return true;
        }
        entry = entry_for(address);
        if (entry == nullptr) {
            return false;
        }
    }
    const bool was_present = entry->present();
    entry->set(page.frame, region.flags, page.writable);
    // CPUs do not remember that nothing was there.
    if (was_present) {
        flush(address);
    }
    const arch::Entry& beside = entry[address / Bank::page_bytes % 2 == 0 ? 1 : -1];
    if (near == Near::always || (near == Near::if_touched && beside.present())) {
        (void)enter_near(region, address, entry);
    }
    return true;
}

bool AddressSpace::enter_large(const Region& region, std::uint64_t address,
                               const Memory::Page& page) {
    const std::uint64_t start = base::align_down(address, large_bytes);
    const std::uint64_t inside = base::align_down(address - start, Bank::page_bytes);
    if (page.frame.value() % large_bytes != inside ||
        !region.memory->lies_at(region.page_at(start), large_bytes / Bank::page_bytes,
                                PhysAddr{page.frame.value() - inside}, page.writable)) {
        return false;
    }
    arch::Entry* entry = tables_.entry<1>(UserAddr{start}, [this]() { return bank().buy_frame(); });
    if (entry == nullptr) {
        return false;
    }
    const bool was_present = entry->present();
    entry->set(PhysAddr{page.frame.value() - inside}, region.flags, page.writable);
    entry->make_large();
    if (was_present) {
        flush(address);
    }
    return true;
}

arch::Entry* AddressSpace::break_large(std::uint64_t address, bool keep) {
    arch::Entry* large = tables_.find_large(UserAddr{address});
    if (large == nullptr) {
        return nullptr;
    }
    arch::Entry* part = keep ? entry_for(address) : nullptr;
    if (part == nullptr) {
        large->clear();
        flush(address);
    }
    return part;
}

std::uint64_t AddressSpace::enter_near(const Region& region, std::uint64_t address,
                                       arch::Entry* entry) {
    constexpr std::uint64_t row = mm::PageMap::fan_out;
    const std::uint64_t at = address / Bank::page_bytes % row;
    const std::uint64_t page = (address - region.start) / Bank::page_bytes;
    const bool may_write = (region.flags & MapFlags::write) != 0;
    std::uint64_t before = std::min(at, page);
    std::uint64_t after = std::min(row - at, region.pages() - page) - 1;
    const auto* slots = region.memory->slots_near(region.first_page + page, before, after);
    if (slots == nullptr) {
        return after + 1;
    }
    entry -= before;
    arch::PageTables::mark_row(entry, before + after + 1);
    arch::Entry shown;
    shown.set(PhysAddr{0}, region.flags, may_write);
    for (std::uint64_t i = 0; i <= before + after; ++i) {
        const PhysAddr frame = slots[i].frame();
        if (slots[i].present() && !entry[i].present()) {
            entry[i] = shown.of(frame);
            if (may_write && mm::frames.references(frame) != 1) {
                entry[i].write_protect();
            }
        }
    }
    return after + 1;
}

void AddressSpace::bring_in(std::uint64_t address, const Memory& memory, std::uint64_t index,
                            const Memory::Page& page, Near near) {
    const Region* region = is_lent(address) ? nullptr : own_region_at(address);
    if (region != nullptr && region->memory == &memory && region->page_at(address) == index &&
        (region->flags & MapFlags::access) != 0) {
        (void)enter(*region, address, page, near);
    }
}

void AddressSpace::clear_entry(const Region& region, std::uint64_t page, bool keep) {
    if (page < region.first_page || page - region.first_page >= region.pages()) {
        return;
    }
    clear_entry_at(region.start + (page - region.first_page) * 4096, keep);
}

void AddressSpace::clear_entry_at(std::uint64_t address, bool keep) {
    arch::Entry* entry = tables_.entry_there<0, false>(UserAddr{address});
    if (entry == nullptr) [[unlikely]] {
        entry = break_large(address, keep);
    }
    if (entry != nullptr && entry->present()) {
        entry->clear();
        flush(address);
    }
}

void AddressSpace::clear_few(std::uint64_t start, std::uint64_t end) {
    for (std::uint64_t at = start; at < end; at += Bank::page_bytes) {
        clear_entry_at(at, true);
    }
}

std::uint64_t AddressSpace::clear_entries(std::uint64_t start, std::uint64_t end, Work& work) {
    if (end - start <= few) {
        clear_few(start, end);
        work.spend(1);
        return end;
    }
    const auto clear = [this](UserAddr address, arch::Entry& entry) {
        entry.clear();
        flush(address.value());
    };
    // A row of entries is 16, each with some ten instructions and the flushing of a translation.
    return tables_.for_each_present_while(
        UserAddr{start}, UserAddr{end}, [&work] { return work.take(3); }, clear);
}

void AddressSpace::clear_beyond(const Region& region, std::uint64_t page) {
    const std::uint64_t kept = page > region.first_page ? (page - region.first_page) * 4096 : 0;
    if (kept < region.end - region.start) {
        (void)break_large(region.start + kept, true);
        Work all(~std::uint32_t{0});
        (void)clear_entries(region.start + kept, region.end, all);
    }
}

void AddressSpace::protect_entries(const Region& region) {
    tables_.for_each_present(UserAddr{region.start}, UserAddr{region.end},
                             [this](UserAddr address, arch::Entry& entry) {
                                 entry.write_protect();
                                 flush(address.value());
                             });
}

std::uint64_t AddressSpace::resident_bytes(const Region& region) const {
    std::uint64_t bytes = 0;
    region.space->tables_.for_each_present(
        UserAddr{region.start}, UserAddr{region.end}, [&](UserAddr, const arch::Entry& entry) {
            bytes += entry.is_large() ? large_bytes : Bank::page_bytes;
        });
    return bytes;
}

bool AddressSpace::sever(Work& work) {
    if (!take_apart_each(threads_, work)) {
        return false;
    }
    Scheduler::leave_space(root());
    if (!end_each(borrowers_, work, 8, [](AddressSpace& borrower) { borrower.stop_borrowing(); })) {
        return false;
    }
    if (lender_ != nullptr) {
        stop_borrowing();
    }
    // No CPU walks these tables any more: their entries need not be cleared one by one.
    const bool released = tables_.release_tables(
        UserAddr{arch::user_end}, [&work] { return work.take(2); },
        [this](PhysAddr table) { bank().return_frame(table); });
    if (!released) {
        return false;
    }
    while (Region* region = regions_.first()) {
        if (!work.take(2)) {
            return false;
        }
        forget_region(*region);
    }
    if (!work.take(2)) {
        return false;
    }
    bank().return_frame(root());
    return true;
}

}  // namespace kernel
