// SPDX-License-Identifier: MIT
// The user half of one address space's page tables: four levels of 512 entries, leaves of 4 KiB and, in tables of level 1, 2 MiB.
//
// This class only walks and writes tables. Who owns the frames, and when a CPU must forget a translation (invalidate_page,
// flush_user), is the caller's matter. Tables are reached through the kernel window. The kernel half of every root is the
// same and never changes after boot.
//
// Going through all 512 entries of a table costs more than what most tables hold. So the frame record of each table has a
// bit for each 16 entries in a row: clear, none of them was ever set. Whoever sets an entry got it from `entry` or
// `for_each_copied`, which mark it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>

#include <arch/window.hpp>

#include "abi/kernel/operation.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/types.hpp"
#include "libs/base/zero_words.hpp"

namespace arch {

// One entry (Intel SDM vol. 3, 4.5).
class Entry {
public:
    [[nodiscard]] bool present() const { return (raw_ & bit_present) != 0; }
    // A page of large_bytes.
    [[nodiscard]] bool is_large() const { return (raw_ & bit_large) != 0; }
    // Of a table of level 1 to 3.
    [[nodiscard]] bool is_table() const {
        return (raw_ & (bit_present | bit_large)) == bit_present;
    }
    // What the part of a large page says that is the page number i of it.
    [[nodiscard]] Entry part(std::size_t i) const {
        return from_raw((raw_ & ~bit_large) + i * 4096);
    }
    [[nodiscard]] bool writable() const { return (raw_ & bit_write) != 0; }
    [[nodiscard]] bool executable() const { return (raw_ & bit_no_execute) == 0; }
    [[nodiscard]] PhysAddr frame() const { return PhysAddr{raw_ & address_mask}; }

    // A user page, as a region with these abi::MapFlags shows it. `writable`: if they say so. Whatever is mapped can be read.
    void set(PhysAddr frame, std::uint64_t flags, bool writable) {
        using abi::MapFlags;
        std::uint64_t raw = frame.value() | bit_present | bit_user;
        raw |= (flags & MapFlags::write) != 0 && writable ? bit_write : 0;
        raw |= (flags & MapFlags::execute) != 0 ? 0 : bit_no_execute;
        raw |= (flags & MapFlags::uncached) != 0 ? memory_type_uncached : 0;
        raw |= (flags & MapFlags::write_combining) != 0 ? memory_type_write_combining : 0;
        raw_ = raw;
    }
    // Of this kind, another frame; this one's is 0.
    [[nodiscard]] Entry of(PhysAddr frame) const { return from_raw(raw_ | frame.value()); }
    void make_large() { raw_ |= bit_large; }
    void set_table(PhysAddr table) { raw_ = table.value() | bit_present | bit_write | bit_user; }
    void clear() { raw_ = 0; }
    void write_protect() { raw_ &= ~bit_write; }
    void keep(std::uint64_t bits) { raw_ &= bits; }
    // Has it been written through since this was asked last? Who asks has what CPUs remember of it forgotten.
    [[nodiscard]] bool take_written() {
        return (std::exchange(raw_, raw_ & ~bit_written) & bit_written) != 0;
    }

    // The memory types that initialise_boot_cpu puts into the PAT register.
    static constexpr std::uint64_t memory_type_write_combining = 0x08;
    static constexpr std::uint64_t memory_type_uncached = 0x18;
    static constexpr std::uint64_t bit_present = 1;
    static constexpr std::uint64_t bit_write = 2;
    static constexpr std::uint64_t bit_user = 4;
    static constexpr std::uint64_t bit_written = 0x40;
    static constexpr std::uint64_t bit_large = 0x80;
    static constexpr std::uint64_t bit_global = 0x100;
    static constexpr std::uint64_t bit_no_execute = std::uint64_t{1} << 63;
    static constexpr std::uint64_t address_mask = 0x000f'ffff'ffff'f000;

    // For the kernel's own tables.
    static constexpr Entry from_raw(std::uint64_t raw) {
        Entry entry;
        entry.raw_ = raw;
        return entry;
    }

private:
    friend class PageTables;
    std::uint64_t raw_ = 0;
};
static_assert(sizeof(Entry) == 8);

class PageTables {
public:
    using Table = std::array<Entry, 512>;

    static constexpr std::uint64_t large_bytes = std::uint64_t{1} << 21;
    static constexpr std::size_t entries_per_mark = 16;  // a row

    explicit PageTables(PhysAddr root) : root_(root) {}

    // Makes a zeroed frame a root with nothing but the kernel in it.
    static void initialise_root(PhysAddr frame);

    [[nodiscard]] PhysAddr root() const { return root_; }

    // The leaf slot for this page; with level 1, for the large page that it is in, where there may be a table, too. Missing tables
    // are made of frames from allocate() (-> Result<PhysAddr>, zeroed); nullptr when it has none left (tables made before that
    // stay). A large page that is in the way becomes a table of small ones.
    template <int last = 0, bool sets = true, class Allocate>
    [[nodiscard]] Entry* entry(UserAddr address, Allocate&& allocate) const {
        PhysAddr frame = root_;
        for (int level = 3; level > last; --level) {
            const std::size_t at = index(address.value(), level);
            Entry& slot = table(frame)[at];
            if (!leads_on(slot, level)) {
                const auto made = allocate();
                if (!made) {
                    return nullptr;
                }
                mark(frame, at);
                if (slot.is_large()) {
                    fill_with_parts(*made, slot);
                }
                slot.set_table(*made);
            }
            frame = slot.frame();
        }
        const std::size_t at = index(address.value(), last);
        if constexpr (sets) {
            mark(frame, at);
        }
        return &table(frame)[at];
    }

    // The same; nullptr if a table is missing, or a large page in the way. Not `sets`: it is only looked at, or cleared.
    template <int last = 0, bool sets = true>
    [[nodiscard]] Entry* entry_there(UserAddr address) const {
        return entry<last, sets>(address, []() -> kernel::Result<PhysAddr> {
            return kernel::fail(kernel::Error::no_memory);
        });
    }

    // The large page that this page is shown by, or nullptr.
    [[nodiscard]] Entry* find_large(UserAddr address) const {
        Entry* slot = entry_there<1, false>(address);
        return slot != nullptr && slot->is_large() ? slot : nullptr;
    }

    // Of one that `entry` has given: entries in a row around it, of the same table, which are to be set, too.
    static void mark_row(const Entry* first, std::size_t count) {
        const auto at = reinterpret_cast<std::uintptr_t>(first) % sizeof(Table) / sizeof(Entry);
        kernel::mm::frames.marks(physical(first)) |=
            ~std::uint32_t{0} << (at / entries_per_mark) &
            ~std::uint32_t{0} >> (31 - (at + count - 1) / entries_per_mark);
    }

    // Calls visit(UserAddr, Entry&) for each present page in [begin, end). A large one must lie in it as a whole.
    template <class Visit>
    void for_each_present(UserAddr begin, UserAddr end, Visit&& visit) const {
        if (begin < end) {
            (void)visit_level<3, 0>(root_, begin.value(), end.value(), always, visit);
        }
    }

    // The same with take() before each row of entries; when that says no, the walk ends. -> where it would go on, or `end`
    template <class Take, class Visit>
    [[nodiscard]] std::uint64_t for_each_present_while(UserAddr begin, UserAddr end, Take&& take,
                                                       Visit&& visit) const {
        return visit_level<3, 0>(root_, begin.value(), end.value(), take, visit);
    }

    // Where the copy of a table of level 0, or of a large page's entry, is; for the next range to begin with.
    struct Copied {
        Entry* of = nullptr;
        Entry* copy = nullptr;  // null: it could not be made
    };

    // Calls visit(UserAddr, Entry& here, Entry* there) for each present page in [begin, end), with the same page's slot in `copy`;
    // there is none where a table for it could not be made. As for_each_present_while.
    template <class Allocate, class Take, class Visit>
    [[nodiscard]] std::uint64_t for_each_copied(UserAddr begin, UserAddr end,
                                                const PageTables& copy, Copied& copied,
                                                Allocate&& allocate, Take&& take,
                                                Visit&& visit) const {
        Copied at = copied;
        const auto visit_both = [&](UserAddr address, Entry& entry) {
            Entry* const of =
                entry.is_large() ? &entry : __builtin_align_down(&entry, sizeof(Table));
            if (of != at.of) {
                const UserAddr first{address.value() & ~(large_bytes - 1)};
                at = {of, entry.is_large() ? copy.entry<1>(first, allocate)
                                           : copy.entry(first, allocate)};
                if (at.copy != nullptr) {
                    kernel::mm::frames.marks(physical(at.copy)) |=
                        kernel::mm::frames.marks(physical(&entry));
                }
            }
            Entry* const there = at.copy != nullptr ? at.copy + (&entry - of) : nullptr;
            [[clang::always_inline]] visit(address, entry, there);
        };
        const std::uint64_t reached = for_each_present_while(begin, end, take, visit_both);
        copied = at;
        return reached;
    }

    // Takes all tables below `end` but the root apart, calling free(PhysAddr) for each, with take() before; when that says no, it ends.
    // True: all are gone. Leaves are not looked at.
    template <class Take, class Free>
    [[nodiscard]] bool release_tables(UserAddr end, Take&& take, Free&& free) const {
        return release_level(root_, 3, index(end.value() - 1, 3), take, free);
    }

    // ---- lending: what one entry of the root covers can be seen through another root, too

    static constexpr std::uint64_t root_entry_bytes = std::uint64_t{1} << 39;

    // Lets `borrower` see through the entries below `end` (not 0) that are there, and that it has not.
    void lend(const PageTables& borrower, UserAddr end) const {
        for_each_lent(end, [&](std::size_t at, Entry& slot) { borrower.borrow(at, slot); });
    }
    // One of them, which may have come since.
    void lend_one(const PageTables& borrower, UserAddr address) const {
        const std::size_t at = index(address.value(), 3);
        if (const Entry slot = table(root_)[at]; slot.present()) {
            borrower.borrow(at, slot);
        }
    }
    // In the borrower: forgets them all.
    void return_lent(UserAddr end) const {
        for_each_lent(end, [](std::size_t, Entry& slot) { slot.clear(); });
    }

private:
    static Table& table(PhysAddr frame) { return *static_cast<Table*>(window(frame)); }
    static constexpr int shift(int level) { return 12 + 9 * level; }
    static constexpr std::size_t index(std::uint64_t address, int level) {
        return (address >> shift(level)) & 511;
    }

    void borrow(std::size_t at, const Entry& lent) const {
        if (Entry& slot = table(root_)[at]; !slot.present()) {
            mark(root_, at);
            slot = lent;
        }
    }

    static void mark(PhysAddr frame, std::size_t at) {
        kernel::mm::frames.marks(frame) |= std::uint32_t{1} << (at / entries_per_mark);
    }
    // Large pages are in tables of level 1 only.
    static bool leads_on(Entry slot, int level) {
        return level == 1 ? slot.is_table() : slot.present();
    }
    static constexpr auto always = [] { return true; };
    static void fill_with_parts(PhysAddr frame, Entry large) {
        Table& parts = table(frame);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            parts[i] = large.part(i);
        }
        kernel::mm::frames.marks(frame) = ~std::uint32_t{0};
    }

    template <class Visit>
    void for_each_lent(UserAddr end, Visit visit) const {
        const auto visit_at = [&](UserAddr address, Entry& slot) {
            visit(index(address.value(), 3), slot);
        };
        (void)visit_level<3, 3>(root_, 0, end.value(), always, visit_at);
    }

    // Calls visit(UserAddr, Entry&) for each present entry of the tables of level `last` in [begin, end), which this table covers,
    // with take() before each row of those entries; when that says no, it ends. -> where it has come to
    template <int level, int last, class Take, class Visit>
    static std::uint64_t visit_level(PhysAddr frame, std::uint64_t begin, std::uint64_t end,
                                     Take& take, Visit& visit) {
        constexpr std::uint64_t step = std::uint64_t{1} << shift(level);
        const std::uint64_t base = begin & ~(512 * step - 1);
        const std::size_t first_index = index(begin, level);
        const std::size_t last_index = index(end - 1, level);
        Entry* const entries = table(frame).data();
        std::uint32_t marks = kernel::mm::frames.marks(frame);
        marks &= ~std::uint32_t{0} << (first_index / entries_per_mark);
        for (; marks != 0; marks &= marks - 1) {
            const std::size_t row =
                static_cast<std::size_t>(std::countr_zero(marks)) * entries_per_mark;
            if (row > last_index) {
                break;
            }
            const std::size_t row_first = std::max(row, first_index);
            if (level == last && !take()) {
                return std::max(base + row_first * step, begin);
            }
            const std::size_t row_last = std::min(row + entries_per_mark - 1, last_index);
            for (std::size_t i = row_first; i <= row_last; ++i) {
                Entry& slot = entries[i];
                const std::uint64_t at = base + i * step;
                if (!slot.present()) {
                    i += base::more_zeros(entries, i);
                    continue;
                }
                if constexpr (level == last) {
                    [[clang::always_inline]] visit(UserAddr{at}, slot);
                } else if (level == 1 && slot.is_large()) [[unlikely]] {
                    if (!take()) {
                        return at;
                    }
                    [[clang::always_inline]] visit(UserAddr{at}, slot);
                } else {
                    const std::uint64_t stop = std::min(at + step, end);
                    const std::uint64_t reached = visit_level<level - 1, last>(
                        slot.frame(), std::max(at, begin), stop, take, visit);
                    if (reached != stop) {
                        return reached;
                    }
                }
            }
        }
        return end;
    }

    template <class Take, class Free>
    static bool release_level(PhysAddr frame, int level, std::size_t last, Take& take, Free& free) {
        Table& entries = table(frame);
        std::uint32_t& marks = kernel::mm::frames.marks(frame);
        for (; marks != 0; marks &= marks - 1) {  // a row that is empty is not looked at again
            const std::size_t row = static_cast<std::size_t>(std::countr_zero(marks));
            for (std::size_t i = 0; i < entries_per_mark; ++i) {
                const std::size_t at = row * entries_per_mark + i;
                if (at > last) {
                    return true;
                }
                Entry& slot = entries[at];
                if (!slot.present()) {
                    i += base::more_zeros(entries.data(), at);
                    continue;
                }
                if (slot.is_large()) {
                    slot.clear();
                    continue;
                }
                const PhysAddr lower = slot.frame();
                if ((level > 1 && !release_level(lower, level - 1, 511, take, free)) || !take()) {
                    return false;
                }
                slot.clear();
                free(lower);
            }
        }
        return true;
    }

    PhysAddr root_;
};

}  // namespace arch
