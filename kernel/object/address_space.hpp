// SPDX-License-Identifier: MIT
// AddressSpace: page tables, and the regions that say what should be in them.
//
// A Region maps a range of pages of one Memory, with an access and a rule for cloning. Regions do not overlap. Page tables are
// a cache: entries appear when a page is touched (`resolve`), and go when the region or the Memory's page does. The tables'
// own pages are charged to the space's bank.
//
// Cloning copies regions and the entries that are there: in copied regions both sides lose the right to write, so that the
// first write makes a copy.
#pragma once

#include <cstdint>

#include <arch/page_tables.hpp>

#include "kernel/object/memory.hpp"
#include "kernel/object/object.hpp"
#include "kernel/object/thread_list.hpp"
#include "kernel/result.hpp"
#include "kernel/types.hpp"
#include "libs/base/ordered_tree.hpp"

namespace kernel {

class AddressSpace;
class Thread;

struct Region {
    base::TreeNode node;
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t first_page = 0;  // of the Memory, at `start`
    std::uint64_t flags = 0;       // abi::MapFlags
    std::uint8_t allowed =
        0;  // rights of the capability it was mapped with: protect cannot exceed them
    AddressSpace* space = nullptr;
    Memory* memory = nullptr;
    Region* next_of_memory = nullptr;
    Region* previous_of_memory = nullptr;

    [[nodiscard]] std::uint64_t page_at(std::uint64_t address) const {
        return first_page + (address - start) / 4096;
    }
};

class AddressSpace final : public Object {
public:
    AddressSpace(Bank& bank, PhysAddr root)
        : Object(ObjectType::address_space, bank), tables_(root) {}
    static Result<AddressSpace*> create(Bank& bank);

    struct Mapping {
        Memory& memory;
        std::uint64_t start;
        std::uint64_t length;
        std::uint64_t first_page;
        std::uint64_t flags;
        std::uint8_t allowed;  // abi::MemoryRights
    };
    // overlap, no_memory. The arguments' form is checked by the caller of these.
    Result<> map(const Mapping& mapping);
    // Parts of regions at both ends are split off. no_memory: no room for a split.
    Result<> unmap(std::uint64_t start, std::uint64_t length);
    // not_mapped: there is a hole in the range. missing_right: a region was mapped with fewer.
    Result<> protect(std::uint64_t start, std::uint64_t length, std::uint64_t access);
    Result<AddressSpace*> clone(Bank& bank);

    // A page fault of the thread that runs in this space. Done, or blocked on a pager: true. False: it is the thread's own fault.
    bool resolve(Thread& thread, std::uint64_t address, bool write, bool execute);

    // Somebody waits to read a page that has just come: spares him the second fault.
    void bring_in(std::uint64_t address);

    struct Location {
        Memory* memory;
        std::uint64_t page;
        const Region* region;
    };
    // Which page of which Memory is at an address.
    Result<Location> locate(std::uint64_t address);
    [[nodiscard]] Region* region_at(std::uint64_t address) const;
    [[nodiscard]] Region* region_at_or_after(std::uint64_t address) const {
        return regions_.at_or_after(address);
    }
    [[nodiscard]] std::uint64_t resident_bytes(const Region& region) const;

    // For Memory: entries of one page or all pages of one of its regions.
    void clear_entry(const Region& region, std::uint64_t page);
    void clear_beyond(const Region& region, std::uint64_t page);
    void protect_entries(const Region& region);

    void add_thread(ThreadLinks& thread) { threads_.push_back(thread); }
    void sever();
    [[nodiscard]] PhysAddr root() const { return tables_.root(); }

private:
    struct StartOf {
        static std::uint64_t key(const Region& region) { return region.start; }
    };

    friend class Memory;
    Result<Region*> new_region(std::uint64_t start, std::uint64_t end);
    friend class Invariants;
    Result<Region*> new_region(std::uint64_t start, std::uint64_t end, const Region& like);
    void delete_region(Region& region);
    // The same, leaving the entries.
    void forget_region(Region& region);
    Result<> split_at(std::uint64_t address);
    bool enter(const Region& region, std::uint64_t address, const Memory::Page& page);
    void clear_entry_at(std::uint64_t address);
    void clear_entries(std::uint64_t start, std::uint64_t end);
    void flush(std::uint64_t address);
    bool covered(std::uint64_t start, std::uint64_t end) const;
    Result<> clone_region(AddressSpace& copy, Region& region);
    arch::Entry* entry_for(std::uint64_t address);

    arch::PageTables tables_;
    base::OrderedTree<Region, &Region::node, StartOf> regions_;
    ThreadList<&ThreadLinks::space_link> threads_;
};

}  // namespace kernel
