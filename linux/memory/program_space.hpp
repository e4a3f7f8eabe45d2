// SPDX-License-Identifier: MIT
// The program's part of the address space: what mmap, brk and their relatives do.
//
// Anonymous private memory is a Memory object as large as the address space, committed page by page
// as it is touched. So mmap is one map operation, and pages are given back by offset. Offsets
// are taken from below, next to the neighbour's where that is free: then the kernel joins the
// regions, and its tree of the Memory's pages stays low, which is what fork walks. After a fork the
// child's regions are copies that it has no capability for; it takes a fresh Memory for what it maps
// from then on (Backing::inherited).
//
// Limits. What the program can use of that Memory is reserved in the bank when it is mapped, or made
// accessible: so a limit shows as ENOMEM there, and touching the pages later cannot fail. Mappings
// without any access cost nothing. There is a second such Memory for what is customarily taken large
// and used little (stacks, MAP_NORESERVE): nothing is reserved for that, and a program that touches
// more of it than its container can pay for is killed.
//
// All functions take addresses and lengths that are multiples of the page size, inside the program's
// part. One lock guards everything; it is among those that fork takes.
//
// What is writable and executable at once is so for the program only: each page of it is either, whichever was wanted
// last, and the fault of who wants the other turns it (`turn_page`). Memory that is shared cannot be both: EACCES.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "abi/linux/memory.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "linux/memory/region_map.hpp"
#include "linux/process/mutex.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux {

class ProgramSpace {
public:
    static constexpr std::uint64_t low = 0x10000;  // nothing is ever mapped below
    static constexpr std::uint64_t high = process::program_end;
    static constexpr std::size_t most_regions = 65530;  // Linux's vm.max_map_count (sysctl/vm.rst)

    // Where a mapping goes: to `address` exactly (fixed: what is there goes; no_replace: EEXIST), or
    // there if it is free, or anywhere.
    enum class Placement : std::uint8_t { anywhere, fixed, no_replace };
    struct Request {
        std::uint64_t address = 0;
        std::uint64_t length = 0;
        std::uint32_t protection = 0;
        Placement placement = Placement::anywhere;
        bool below_4g = false;
        bool sparse = false;  // its pages are paid for one by one
    };

    // Each returns the address.
    Result<std::uint64_t> map_anonymous(const Request& request);
    // The first `present` bytes show the Memory; the rest of the range is taken but empty.
    struct Source {
        ipc::Ref<ipc::Memory> memory;
        std::uint64_t offset;
        std::uint64_t present;
    };
    Result<std::uint64_t> map_object(const Request& request, const Source& source, bool shared);

    // Shared, and written to past the caches: somebody looks at it. Whoever bought it may take it back at any time.
    Result<std::uint64_t> map_lent(const Request& request, const Source& source);
    // A page fault of the program. If what was lent at that address has been taken back, there is memory of the process's own
    // now, which the program may go on with, in vain. False: it has not, or there is no memory for that.
    bool replace_lent(std::uint64_t address);
    // A page fault of the program, or of the library for it, by a fetch or a write. If it was because the page is the other
    // of what it may be, it is this one now. False: it was not, or there is no memory for that.
    bool turn_page(std::uint64_t address, bool to_execute);

    Result<void> unmap(std::uint64_t address, std::uint64_t length);
    Result<void> protect(std::uint64_t address, std::uint64_t length, std::uint32_t protection);
    // Anonymous pages are zero again when they are next touched. ENOMEM: not all of it is mapped.
    Result<void> discard(std::uint64_t address, std::uint64_t length);
    // For a forked child. ENOMEM; EINVAL: only what is anonymous and private can be wiped.
    Result<void> set_fork_rule(std::uint64_t address, std::uint64_t length, ForkRule rule);
    // Is all of it, as far as it is mapped, anonymous and private?
    [[nodiscard]] bool is_anonymous(std::uint64_t address, std::uint64_t length);
    // Anonymous pages come now, without a fault each; in large pages where they fit. ENOMEM: some of them did not.
    Result<void> populate(std::uint64_t address, std::uint64_t length);
    Result<std::uint64_t> remap(std::uint64_t address, std::uint64_t old_length,
                                const Request& request, bool may_move);
    [[nodiscard]] bool is_mapped(std::uint64_t address, std::uint64_t length);
    // mlock and its relatives: pages are always in memory, so that this is remembered only. ENOMEM: not all of it is mapped,
    // or it is more than `most` bytes with what is locked already.
    Result<void> lock_pages(std::uint64_t address, std::uint64_t length, std::uint64_t most);
    Result<void> unlock_pages(std::uint64_t address, std::uint64_t length);
    void lock_all_pages(bool present, bool future);
    void unlock_all_pages();
    [[nodiscard]] bool has_locked_pages(std::uint64_t address, std::uint64_t length);
    // What is mapped at an address, to tell what a fault there means.
    [[nodiscard]] std::optional<Region> region_at(std::uint64_t address);

    // Returns the break in force afterwards, as brk(2) does.
    std::uint64_t move_break(std::uint64_t address);
    void set_break(std::uint64_t address);

    // For execve, when the program is gone for good: an empty address space.
    Result<void> clear();
    void on_fork_child();
    // In a child that has a copy of the memory: what the parent wished not to be in it goes.
    void apply_fork_rules();
    Mutex& lock() { return lock_; }

private:
    Result<std::uint64_t> place(const Request& request) __attribute__((requires_capability(lock_)));
    // A Memory as large as the address space, and which of its offsets are in use.
    struct Pool {
        ipc::Capability<ipc::Memory> memory;
        RegionMap offsets;
    };
    [[nodiscard]] Pool& pool_of(Backing backing) __attribute__((requires_capability(lock_))) {
        return backing == Backing::sparse ? sparse_ : own_;
    }
    struct OwnRange {
        std::uint64_t address;
        std::uint64_t length;
        std::uint32_t protection;
        bool sparse;
    };
    Result<void> map_own(const OwnRange& range) __attribute__((requires_capability(lock_)));
    Result<void> map_in_pool(const OwnRange& range) __attribute__((requires_capability(lock_)));
    [[nodiscard]] std::uint64_t pick_offset(const OwnRange& range)
        __attribute__((requires_capability(lock_)));
    // Keeps `promised_`, and the reserve in the kernel a little ahead of it.
    Result<void> pay(std::uint64_t bytes) __attribute__((requires_capability(lock_)));
    void refund(std::uint64_t bytes) __attribute__((requires_capability(lock_)));
    Result<void> remove(std::uint64_t address, std::uint64_t length)
        __attribute__((requires_capability(lock_)));
    void note_protection(std::uint32_t protection);
    Result<std::uint64_t> grow_in_place(const Region& region, std::uint64_t address,
                                        std::uint64_t old_length, std::uint64_t length)
        __attribute__((requires_capability(lock_)));

    Mutex lock_;
    std::atomic<bool> pages_turn_ = false;  // there has been memory that is both
    bool lock_new_ __attribute__((guarded_by(lock_))) = false;  // mlockall(MCL_FUTURE)
    RegionMap regions_ __attribute__((guarded_by(lock_)));
    std::uint64_t full_from_ __attribute__((guarded_by(lock_))) = high;  // nothing is free above
    Pool own_ __attribute__((guarded_by(lock_)));
    Pool sparse_ __attribute__((guarded_by(lock_)));
    bool has_fork_rules_ __attribute__((guarded_by(lock_))) = false;  // other than to copy
    std::uint64_t promised_ __attribute__((guarded_by(lock_))) = 0;   // bytes of own_
    std::uint64_t reserved_ __attribute__((guarded_by(lock_))) = 0;   // what the kernel was told
    std::uint64_t break_start_ __attribute__((guarded_by(lock_))) = 0;
    std::uint64_t break_ __attribute__((guarded_by(lock_))) = 0;
};

ProgramSpace& program_space();

// Is it writable and executable at once?
constexpr bool is_writable_code(std::uint32_t protection) {
    constexpr std::uint32_t both = linux_abi::Protection::write | linux_abi::Protection::execute;
    return (protection & both) == both;
}

}  // namespace linux
