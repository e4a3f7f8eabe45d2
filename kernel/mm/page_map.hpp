// SPDX-License-Identifier: MIT
// PageMap: which frame is at which page of a Memory object. A radix tree of 64-entry nodes, only as high as it needs to be.
//
// A Memory of one page needs no node: its slot is the root. Nodes are blocks of the Memory's bank, and small, because most
// Memory objects hold few pages, and every fork and exit makes, fills and visits nodes. They stay until the map is cleared.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <arch/window.hpp>

#include "kernel/object/bank.hpp"
#include "kernel/types.hpp"
#include "libs/base/zero_words.hpp"

namespace kernel {
class Invariants;
}

namespace kernel::mm {

// A slot: 0, or a frame's address with flags in its low bits.
struct PageSlot {
    // Must stay where it is:
    static constexpr std::uint64_t pinned = 1;             // while a thread lives
    static constexpr std::uint64_t pinned_for_device = 2;  // as long as the Memory
    static constexpr std::uint64_t flag_mask = 0xfff;

    std::uint64_t raw = 0;

    [[nodiscard]] bool present() const { return raw != 0; }
    [[nodiscard]] PhysAddr frame() const { return PhysAddr{raw & ~flag_mask}; }
    [[nodiscard]] bool is_pinned() const { return (raw & (pinned | pinned_for_device)) != 0; }
};

class PageMap {
public:
    static constexpr unsigned node_bits = 6;
    static constexpr std::uint64_t fan_out = std::uint64_t{1} << node_bits;

    // The slot of a page, or nullptr if there is no node for it.
    [[nodiscard]] PageSlot* find(std::uint64_t index) {
        unsigned bits = node_bits * height_;
        if (index >> bits != 0) {
            return nullptr;
        }
        PageSlot* slot = &root_;
        while (bits != 0) {
            if (!slot->present()) {
                return nullptr;
            }
            bits -= node_bits;
            slot = &node(*slot)[index >> bits & (fan_out - 1)];
        }
        return slot;
    }

    // The slots of so many pages before this one, which become as few as have them in a row with it, of its own, and of so many
    // after it. nullptr: there is no node for them.
    [[nodiscard]] PageSlot* find_row(std::uint64_t index, std::uint64_t& before,
                                     std::uint64_t& after) {
        const std::uint64_t at = index % fan_out;
        before = std::min(before, at);
        after = height_ != 0 ? std::min(after, fan_out - 1 - at) : 0;
        PageSlot* const slot = find(index);
        return slot != nullptr ? slot - before : nullptr;
    }

    // The same, making nodes; nullptr if the bank has no room.
    [[nodiscard]] PageSlot* find_or_make(std::uint64_t index, Bank& bank) {
        PageSlot* slot = find(index);
        return slot != nullptr ? slot : make(index, bank);
    }

    // Calls visit(index, PageSlot&) for each present slot in [begin, end).
    template <class Visit>
    void for_each(std::uint64_t begin, std::uint64_t end, Visit&& visit) {
        (void)for_each_while(
            begin, end, [] { return true; },
            [&visit](std::uint64_t index, PageSlot& slot) {
                visit(index, slot);
                return true;
            });
    }

    // Calls visit(PageSlot& here, PageSlot& there) -> bool for each present slot, with the same page's in `copy`, which is empty
    // and takes its nodes from the bank. False if that has no room, or a visit said so.
    template <class Visit>
    [[nodiscard]] bool for_each_copied(PageMap& copy, Bank& bank, Visit&& visit) {
        copy.height_ = height_;
        return !root_.present() || copy_slot(root_, copy.root_, height_, bank, visit);
    }

    // The same while visit() says yes, in the order of pages, with take() before each node. When one says no, this ends. -> the page to
    // go on with, or `end`
    template <class Take, class Visit>
    [[nodiscard]] std::uint64_t for_each_while(std::uint64_t begin, std::uint64_t end, Take&& take,
                                               Visit&& visit) {
        for (std::uint64_t at = begin; at < end;) {
            if (at >> (node_bits * height_) != 0) {
                return end;
            }
            if (!take()) {
                return at;
            }
            PageSlot* slot = &root_;
            unsigned level = height_;
            while (level > 1 && slot->present()) {
                --level;
                slot = &node(*slot)[at >> (node_bits * level) & (fan_out - 1)];
            }
            const unsigned bits = node_bits * level;
            const std::uint64_t stop = std::min(end, ((at >> bits) + 1) << bits);
            if (!slot->present()) {
                at = stop;
                continue;
            }
            for (; at < stop; ++at) {
                PageSlot& page = level == 0 ? *slot : node(*slot)[at & (fan_out - 1)];
                if (page.present() && !visit(at, page)) {
                    return at;
                }
            }
        }
        return end;
    }

    // Calls drop(index, PageSlot&) -> bool for each present slot, which is empty then, and gives the nodes back, in the order of
    // pages, as far as `work` goes, or until a call says no. True: there is nothing left.
    template <class Drop>
    [[nodiscard]] bool release(Bank& bank, Work& work, Drop&& drop) {
        if (root_.present() && !release_level(root_, height_, 0, bank, work, drop)) {
            return false;
        }
        height_ = 0;
        return true;
    }

    static constexpr std::size_t node_bytes = fan_out * sizeof(PageSlot);

private:
    friend class kernel::Invariants;

    [[nodiscard]] [[gnu::noinline]] PageSlot* make(std::uint64_t index, Bank& bank) {
        while (index >> (node_bits * height_) != 0) {
            if (root_.present()) {
                const PageSlot upper = make_node(bank);
                if (!upper.present()) {
                    return nullptr;
                }
                *node(upper) = root_;
                root_ = upper;
            }
            ++height_;
        }
        PageSlot* slot = &root_;
        for (unsigned level = height_; level > 0; --level) {
            if (!slot->present()) {
                *slot = make_node(bank);
                if (!slot->present()) {
                    return nullptr;
                }
            }
            slot = &node(*slot)[index >> (node_bits * (level - 1)) & (fan_out - 1)];
        }
        return slot;
    }

    // A slot of an inner node is the address of the node below.
    static PageSlot* node(PageSlot slot) {
        return static_cast<PageSlot*>(arch::window(PhysAddr{slot.raw}));
    }
    // Not present if the bank has no room.
    static PageSlot make_node(Bank& bank) {
        const auto block = bank.buy_block(node_bytes);
        if (!block) {
            return {};
        }
        std::memset(*block, 0, node_bytes);
        return {arch::physical(*block).value()};
    }

    // One that is present, and covers 64 to the power of `level` pages.
    template <class Visit>
    static bool copy_slot(PageSlot& from, PageSlot& to, unsigned level, Bank& bank, Visit& visit) {
        if (level == 0) {
            return visit(from, to);
        }
        to = make_node(bank);
        if (!to.present()) {
            return false;
        }
        PageSlot* const inner = node(from);
        PageSlot* const copies = node(to);
        for (std::uint64_t i = 0; i < fan_out; ++i) {
            if (!inner[i].present()) {
                i += base::more_zeros(inner, i);
            } else if (level == 1 ? !visit(inner[i], copies[i])
                                  : !copy_slot(inner[i], copies[i], level - 1, bank, visit)) {
                return false;
            }
        }
        return true;
    }

    // One that is present.
    template <class Drop>
    static bool release_level(PageSlot& slot, unsigned level, std::uint64_t base, Bank& bank,
                              Work& work, Drop& drop) {
        if (level == 0) {
            return drop(base, slot);
        }
        const unsigned bits = node_bits * (level - 1);
        PageSlot* const inner = node(slot);
        for (std::uint64_t i = 0; i < fan_out; ++i) {
            if (!inner[i].present()) {
                i += base::more_zeros(inner, i);
            } else if (level == 1 ? !drop(base + i, inner[i])
                                  : !release_level(inner[i], level - 1, base + (i << bits), bank,
                                                   work, drop)) {
                return false;
            }
        }
        // A node has been looked through, even if nothing was in it.
        if (!work.take(8)) {
            return false;
        }
        bank.return_block(inner, node_bytes);
        slot.raw = 0;
        return true;
    }

    PageSlot root_;
    unsigned height_ = 0;
};

}  // namespace kernel::mm
