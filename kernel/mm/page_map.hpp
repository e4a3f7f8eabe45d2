// SPDX-License-Identifier: MIT
// PageMap: which frame is at which page of a Memory object. A radix tree of 512-entry nodes, only as high as it needs to be.
//
// A Memory of one page needs no node: its slot is the root. Nodes are pages of the Memory's bank; they stay until the map is
// cleared, or all under them is erased by `erase`.
#pragma once

#include <cstdint>

#include <arch/window.hpp>

#include "kernel/object/bank.hpp"
#include "kernel/types.hpp"

namespace kernel::mm {

// A slot: 0, or a frame's address with flags in its low bits.
struct PageSlot {
    static constexpr std::uint64_t pinned = 1;  // must stay where it is
    static constexpr std::uint64_t flag_mask = 0xfff;

    std::uint64_t raw = 0;

    [[nodiscard]] bool present() const { return raw != 0; }
    [[nodiscard]] PhysAddr frame() const { return PhysAddr{raw & ~flag_mask}; }
    [[nodiscard]] bool is_pinned() const { return (raw & pinned) != 0; }
};

class PageMap {
public:
    static constexpr std::uint64_t fan_out = 512;

    // The slot of a page, or nullptr if there is no node for it.
    [[nodiscard]] PageSlot* find(std::uint64_t index) {
        if (index >> (9 * height_) != 0) {
            return nullptr;
        }
        PageSlot* slot = &root_;
        for (unsigned level = height_; level > 0; --level) {
            if (!slot->present()) {
                return nullptr;
            }
            slot = &node(*slot)[index >> (9 * (level - 1)) & (fan_out - 1)];
        }
        return slot;
    }

    // The same, making nodes; nullptr if the bank has no room.
    [[nodiscard]] PageSlot* find_or_make(std::uint64_t index, Bank& bank) {
        while (index >> (9 * height_) != 0) {
            if (root_.present()) {
                void* page = bank.buy_page();
                if (page == nullptr) {
                    return nullptr;
                }
                static_cast<PageSlot*>(page)[0] = root_;
                root_.raw = arch::physical(page).value();
            }
            ++height_;
        }
        PageSlot* slot = &root_;
        for (unsigned level = height_; level > 0; --level) {
            if (!slot->present()) {
                void* page = bank.buy_page();
                if (page == nullptr) {
                    return nullptr;
                }
                slot->raw = arch::physical(page).value();
            }
            slot = &node(*slot)[index >> (9 * (level - 1)) & (fan_out - 1)];
        }
        return slot;
    }

    // Calls visit(index, PageSlot&) for each present slot in [begin, end).
    template <class Visit>
    void for_each(std::uint64_t begin, std::uint64_t end, Visit&& visit) {
        if (begin < end) {
            visit_level(root_, height_, 0, begin, end, visit);
        }
    }

    // Gives the nodes back; the slots must be empty, or are forgotten.
    void release_nodes(Bank& bank) {
        release_level(root_, height_, bank);
        root_.raw = 0;
        height_ = 0;
    }

private:
    static PageSlot* node(PageSlot slot) {
        return static_cast<PageSlot*>(arch::window(slot.frame()));
    }

    template <class Visit>
    static void visit_level(PageSlot& slot, unsigned level, std::uint64_t base, std::uint64_t begin,
                            std::uint64_t end, Visit& visit) {
        if (!slot.present()) {
            return;
        }
        if (level == 0) {
            if (base >= begin && base < end) {
                visit(base, slot);
            }
            return;
        }
        const std::uint64_t step = std::uint64_t{1} << (9 * (level - 1));
        const std::uint64_t first = begin > base ? (begin - base) / step : 0;
        const std::uint64_t last =
            (end - base - 1) / step < fan_out ? (end - base - 1) / step + 1 : fan_out;
        PageSlot* const slots = node(slot);
        for (std::uint64_t i = first; i < last; ++i) {
            if (slots[i].present()) {  // most are not: fork and exit go through whole nodes
                visit_level(slots[i], level - 1, base + i * step, begin, end, visit);
            }
        }
    }

    static void release_level(PageSlot slot, unsigned level, Bank& bank) {
        if (level == 0 || !slot.present()) {
            return;
        }
        if (level > 1) {
            for (std::uint64_t i = 0; i < fan_out; ++i) {
                release_level(node(slot)[i], level - 1, bank);
            }
        }
        bank.return_page(node(slot));
    }

    PageSlot root_;
    unsigned height_ = 0;
};

}  // namespace kernel::mm
