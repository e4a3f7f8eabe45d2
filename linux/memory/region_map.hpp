// SPDX-License-Identifier: MIT
// What is mapped where in the program's part of the address space, as the library remembers it: an
// array of regions that do not overlap, the highest first, because a new one mostly comes below all
// but a few. Pure: it makes no system calls, so that it is tested on the host. program_space.hpp does
// to the real address space what is recorded here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace linux {

// Where the pages of a region come from, which decides how they are given back and made anew.
enum class Backing : std::uint8_t {
    own,        // the process's own anonymous Memory, at Region::offset
    sparse,     // the same, but of the Memory for what is taken large and used little
    inherited,  // anonymous Memory from before a fork, for which this process has no capability
    object,     // some other Memory: a file's pages, a private copy of them, shared memory
    lent,       // a Memory that may be taken back at any time (ProgramSpace::replace_lent)
    absent,     // behind a file's end: taken, but nothing is there
};

// What a forked child has of it (madvise): a copy, zeros, or nothing.
enum class ForkRule : std::uint8_t { copy, wipe, drop };

struct Region {
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t offset = 0;      // own: in the Memory; else without meaning
    std::uint32_t protection = 0;  // linux_abi::Protection
    Backing backing = Backing::own;
    bool shared = false;
    ForkRule fork_rule = ForkRule::copy;
    bool paid = false;    // own: its pages are reserved, and stay so until it is unmapped
    bool locked = false;  // by mlock: it makes no difference but to who asks

    [[nodiscard]] std::uint64_t length() const { return end - start; }
    friend bool operator==(const Region&, const Region&) = default;
};

class RegionMap {
public:
    using Regions = std::vector<Region>;

    [[nodiscard]] const Regions& regions() const { return regions_; }
    [[nodiscard]] const Region* at(std::uint64_t address) const;
    // Is every page of [start, end) in some region?
    [[nodiscard]] bool covers(std::uint64_t start, std::uint64_t end) const;
    [[nodiscard]] bool overlaps(std::uint64_t start, std::uint64_t end) const;
    // The parts of regions inside [start, end), each cut to it; the lowest first.
    [[nodiscard]] Regions parts(std::uint64_t start, std::uint64_t end) const;

    // The range must be free. Joins neighbours that differ in nothing.
    void insert(const Region& region);
    // Whatever is there; regions that stick out are cut.
    void remove(std::uint64_t start, std::uint64_t end);
    // The range must be covered. What becomes accessible has been paid for.
    void protect(std::uint64_t start, std::uint64_t end, std::uint32_t protection);
    // The range must be covered.
    void set_fork_rule(std::uint64_t start, std::uint64_t end, ForkRule rule);
    void lock(std::uint64_t start, std::uint64_t end, bool locked);
    void lock_all(bool locked);
    [[nodiscard]] bool any_locked(std::uint64_t start, std::uint64_t end) const;
    [[nodiscard]] std::uint64_t locked_bytes() const;
    // After fork: what was the parent's own Memory is inherited now, whose reserve ends with the
    // copy, and nothing is locked.
    void inherit();
    void clear() { regions_.clear(); }

    // The lowest free range of `length` bytes from `low` on.
    [[nodiscard]] std::uint64_t find_low_gap(std::uint64_t length, std::uint64_t low) const;
    // The highest free range of `length` bytes in [low, high). Nothing is free in [full_from, high), as who asks again and again
    // remembers; it is lowered to where that ends.
    [[nodiscard]] std::optional<std::uint64_t> find_gap(std::uint64_t length, std::uint64_t low,
                                                        std::uint64_t& full_from) const;
    [[nodiscard]] std::uint64_t total_bytes() const;
    // Of the process's own pages in [start, end): those that are, or are not, paid for.
    [[nodiscard]] std::uint64_t own_bytes(std::uint64_t start, std::uint64_t end, bool paid) const;

private:
    // Index of the highest region that begins below `address`.
    [[nodiscard]] std::size_t first_below(std::uint64_t address) const;
    void split(std::uint64_t address);
    void join(std::size_t index);  // with the next lower one, if nothing differs
    // The range is made of whole regions, which `change(region)` changes.
    template <class Change>
    void change(std::uint64_t start, std::uint64_t end, Change&& change);

    Regions regions_;
};

}  // namespace linux
