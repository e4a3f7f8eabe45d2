// SPDX-License-Identifier: MIT
// AddressSpace: page tables, and the regions that say what should be in them.
//
// A Region maps a range of pages of one Memory, with an access and a rule for cloning. Regions do not overlap. Page tables are
// a cache: entries appear when a page is touched (`resolve`), and go when the region or the Memory's page does. The tables'
// own pages are charged to the space's bank.
//
// A large entry appears instead of a small one where the region covers all of it, the Memory's pages lie in a row there, and no
// table is there yet. It lies within one region. Who changes a part of it makes it a table of small ones first; where there is
// no room for that, or many spaces have it, all of it goes, and what is still right comes back when it is touched.
//
// Cloning copies regions and the entries that are there: in copied regions both sides lose the right to write, so that the
// first write makes a copy. A few pages of each region get their copy at once: those that have been written to since they were
// cloned last (who could write to others would have had a fault), and so will be again, by one of the two or both.
//
// Lending. A space can be cloned so that below some address (`lent_below_`, where a root entry begins) nothing is copied: the
// clone then has no regions there, and sees through its lender's page tables:
//
//      borrower:  [ lender's tables ....... ][ own regions and tables ]
//                 0                  lent_below_
//
// Whatever is asked of a borrower about an address there is asked of the lender, who owns and pays. A lender has no lender: a
// clone of a borrower borrows from the same. It ends by `settle`, with a copy or with nothing there; with a copy by itself when
// the borrower wants a mapping there changed; and with nothing when the lender is destroyed.
#pragma once

#include <cstdint>

#include <arch/page_tables.hpp>

#include "kernel/object/memory.hpp"
#include "kernel/object/object.hpp"
#include "kernel/object/region.hpp"
#include "kernel/object/thread_list.hpp"
#include "kernel/result.hpp"
#include "kernel/types.hpp"
#include "libs/base/ordered_tree.hpp"

namespace kernel {

class Thread;

class AddressSpace final : public Object {
public:
    static constexpr auto kind = ObjectType::address_space;

    AddressSpace(Bank& bank, PhysAddr root) : Object(kind, bank), tables_(root) {}
    static Result<AddressSpace*> create(Bank& bank);

    // overlap, no_memory. The arguments' form is checked by the caller of these.
    Result<> map(const Mapping& mapping);
    // Of what has been mapped there: what is there of its first pages gets its entries at once.
    void populate(std::uint64_t start);
    // Parts of regions at both ends are split off. no_memory: no room for a split. False: there is more to do.
    Result<bool> unmap(std::uint64_t start, std::uint64_t length, Work& work);
    // not_mapped: there is a hole in the range. missing_right: a region was mapped with fewer.
    // False: there is more to do, from `progress` on (0 at first).
    Result<bool> protect(std::uint64_t start, std::uint64_t length, std::uint64_t access,
                         std::uint64_t& progress, Work& work);
    // `lent_below`: 0, or where to end lending; a multiple of lending_unit. overlap: a region reaches across it.
    static constexpr std::uint64_t lending_unit = arch::PageTables::root_entry_bytes;
    Result<AddressSpace*> clone(Bank& bank, std::uint64_t lent_below = 0);
    // Ends borrowing: with a copy of what is lent, or nothing. no_memory: all is as before. False: it borrowed nothing.
    Result<bool> settle(bool keep_copy);

    // A page fault of the thread that runs in this space. Done, or blocked on a pager: true. False: it is the thread's own fault.
    [[gnu::always_inline]] bool resolve(Thread& thread, std::uint64_t address, bool write,
                                        bool execute);

    // What is done of the pages near one that gets an entry: those that are there already need no fault then, which costs more than to
    // look at a row of entries. What is run mostly runs on nearby; of what is read that holds if the page beside it was touched, too.
    enum class Near : std::uint8_t { never, if_touched, always };

    // A thread waits at this address for a page of `memory` that has come, and need not have a second fault; in any but the common case
    // it has one.
    [[gnu::always_inline]] void bring_in(std::uint64_t address, const Memory& memory,
                                         std::uint64_t index, const Memory::Page& page, Near near);

    [[nodiscard]] Region* region_at(std::uint64_t address) const;
    // Of its own regions, not of the lender's.
    [[nodiscard]] Region* own_region_at(std::uint64_t address) const;
    [[nodiscard]] Region* region_at_or_after(std::uint64_t address) const;
    [[nodiscard]] std::uint64_t resident_bytes(const Region& region) const;

    // For Memory: entries of one page or all pages of one of its regions. `keep`: what a large entry shows besides the page stays.
    void clear_entry(const Region& region, std::uint64_t page, bool keep);
    void clear_beyond(const Region& region, std::uint64_t page);
    void protect_entries(const Region& region);
    // What is not done yet of the region is still there, from its new start on.
    [[nodiscard]] bool delete_region(Region& region, Work& work);

    void add_thread(ThreadLinks& thread) { threads_.push_back(thread); }
    [[nodiscard]] bool sever(Work& work);
    [[nodiscard]] PhysAddr root() const { return tables_.root(); }

private:
    friend class Invariants;
    // Nothing overlaps it.
    Result<Region*> add_region(const Mapping& mapping);
    // Leaves the entries.
    void forget_region(Region& region);
    Result<> split_at(std::uint64_t address);
    [[gnu::always_inline]] bool enter(const Region& region, std::uint64_t address,
                                      const Memory::Page& page, Near near);
    // In the row of 64 pages around the one at `address`, whose entry this is, as far as the Memory's map has them in one node.
    // -> how many pages it has come to, that one among them
    [[gnu::noinline]] std::uint64_t enter_near(const Region& region, std::uint64_t address,
                                               arch::Entry* entry);
    // The region covers all of the large page.
    [[gnu::noinline]] bool enter_large(const Region& region, std::uint64_t address,
                                       const Memory::Page& page);
    // A large entry that shows this page becomes small ones, or, if it need not be kept or there is no room, goes. -> the page's,
    // if there is one then
    [[gnu::noinline]] arch::Entry* break_large(std::uint64_t address, bool keep);
    [[gnu::always_inline]] void clear_entry_at(std::uint64_t address, bool keep);
    [[gnu::always_inline]] void clear_few(std::uint64_t start, std::uint64_t end);
    // As far as `work` goes. -> where it has to go on
    std::uint64_t clear_entries(std::uint64_t start, std::uint64_t end, Work& work);
    // What CPUs remember of these tables: those that run here, or in a borrower.
    [[gnu::always_inline]] void flush(std::uint64_t address);
    void flush_all();
    [[gnu::noinline]] void flush_others();
    // Inlined, as are the short ones above: a page fault costs 20 instructions more otherwise.
    [[gnu::always_inline]] bool resolve_own(Thread& thread, std::uint64_t address, bool write,
                                            bool execute);
    // Can all of it be protected so? As far as `work` goes. -> where that ends
    Result<std::uint64_t> check_protect(std::uint64_t from, std::uint64_t end, std::uint64_t access,
                                        Work& work) const;
    Result<std::uint64_t> protect_region(Region& region, std::uint64_t access, bool goes_on,
                                         Work& work);
    // Of the regions that begin in [start, end).
    Result<> clone_regions(AddressSpace& copy, std::uint64_t start, std::uint64_t end);
    Result<> clone_region(AddressSpace& copy, Region& region, arch::PageTables::Copied& copied);
    void borrow(AddressSpace& lender, std::uint64_t below);
    void stop_borrowing();
    [[nodiscard]] bool is_lent(std::uint64_t address) const { return address < lent_below_; }
    arch::Entry* entry_for(std::uint64_t address);

    arch::PageTables tables_;
    base::OrderedTree<Region, &Region::node, &Region::start> regions_;
    mutable Region* latest_ = nullptr;  // where own_region_at looks first
    ThreadList<&ThreadLinks::space_link> threads_;
    AddressSpace* lender_ = nullptr;
    std::uint64_t lent_below_ = 0;  // 0: has no lender
    base::ListLink borrower_link_;
    base::List<AddressSpace, &AddressSpace::borrower_link_> borrowers_;
};

}  // namespace kernel
