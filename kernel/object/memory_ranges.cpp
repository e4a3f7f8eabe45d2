// SPDX-License-Identifier: MIT
// What goes through a range of a Memory, in steps: docs/decisions/bounded-steps.md.
#include <algorithm>

#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/memory.hpp"

namespace kernel {

namespace {

// Work: a page that comes and is cleared; a node of the map to look at; a page supplied.
constexpr std::uint32_t page_units = 8;
constexpr std::uint32_t node_units = 24;
constexpr std::uint32_t supply_units = 8;
constexpr std::uint64_t supplied_at_once = 16;

// In the progress of an operation: all has been looked at, and it is being done.
constexpr std::uint64_t doing = std::uint64_t{1} << 63;

}  // namespace

std::uint32_t Memory::drop_slot(std::uint64_t index, mm::PageSlot& slot) {
    const std::uint32_t regions = unmap_page(index);
    mm::frames.release(slot.frame());
    slot.raw = 0;
    refund_page();
    return regions;
}

Result<bool> Memory::commit(std::uint64_t first, std::uint64_t count, std::uint64_t& progress,
                            Work& work) {
    for (std::uint64_t i = std::max(first, progress); i < first + count; ++i) {
        if (!work.take(page_units)) {
            progress = i;
            return false;
        }
        const Page page = TRY(page_for(i, true));
        if (page.outcome == Outcome::ask_pager) {
            return fail(Error::busy);
        }
    }
    return true;
}

Result<bool> Memory::find_pinned(std::uint64_t first, std::uint64_t end, std::uint64_t& progress,
                                 Work& work) {
    bool pinned = false;
    progress = map_.for_each_while(
        std::max(first, progress), end, [&work] { return work.take(node_units); },
        [&pinned](std::uint64_t, const mm::PageSlot& slot) {
            pinned |= slot.is_pinned();
            return true;
        });
    if (pinned) {
        return fail(Error::busy);
    }
    return progress == end;
}

// Pages that were pinned since they were looked at stay.
bool Memory::drop_pages(std::uint64_t first, std::uint64_t end, std::uint64_t& progress,
                        Work& work) {
    bool begun = false;  // at least one goes
    progress = map_.for_each_while(
        std::max(first, progress), end,
        [&] {
            const bool goes_on = !begun || work.take(1);
            begun = true;
            return goes_on;
        },
        [&](std::uint64_t index, mm::PageSlot& slot) {
            if (work.is_done()) {
                return false;
            }
            work.spend(slot.is_pinned() ? 1 : 2 + drop_slot(index, slot));
            return true;
        });
    return progress == end;
}

Result<bool> Memory::decommit(std::uint64_t first, std::uint64_t count, std::uint64_t& progress,
                              Work& work) {
    const std::uint64_t end = first + count;
    std::uint64_t at = progress & ~doing;
    bool done = (progress & doing) != 0;
    if (!done) {
        done = TRY(find_pinned(first, end, at, work));
        progress = at;
        if (!done) {
            return false;
        }
        at = 0;
    }
    done = drop_pages(first, end, at, work);
    progress = at | doing;
    return done;
}

// The end comes down before what is beyond it goes, so that nothing new comes there in the meantime. If the one who shrinks does
// not finish, because he is stopped for ever, whoever resizes next does.
Result<bool> Memory::resize(std::uint64_t pages, std::uint64_t& progress, Work& work) {
    constexpr std::uint64_t growing = 1;
    if ((progress & doing) == 0) {
        if (!TRY(find_pinned(std::min(pages, pages_), max_pages, progress, work))) {
            return false;
        }
        progress = doing | growing;
        if (pages < pages_) {
            progress = doing;
            cut_off(pages);
        }
    }
    if (leftover_ != nothing_left) {
        if (!drop_pages(leftover_, max_pages, leftover_, work)) {
            return false;
        }
        leftover_ = nothing_left;
    }
    if ((progress & growing) != 0) {
        pages_ = std::max(pages, pages_);
    }
    return true;
}

void Memory::cut_off(std::uint64_t pages) {
    // Pages of a source have entries, too, and nothing else tells of them.
    if (source_ != nullptr) {
        regions_.for_each([pages](Region& region) { region.space->clear_beyond(region, pages); });
    }
    wake_waiters(pages, max_pages, true);
    pages_ = pages;
    leftover_ = std::min(leftover_, pages);
    if (reserved_ > pages) {
        (void)reserve(pages);  // less of it can be had
    }
}

// ---- supply -----------------------------------------------------------------------------------------------

bool Memory::can_give(std::uint64_t index) {
    const mm::PageSlot* slot = map_.find(index);
    return slot != nullptr && slot->present() && !slot->is_pinned() &&
           mm::frames.references(slot->frame()) == 1;
}

Result<bool> Memory::supply(std::uint64_t first, std::uint64_t count, Memory& from,
                            std::uint64_t from_first, std::uint64_t& progress, Work& work) {
    std::uint64_t i = progress & ~doing;
    if (count > supplied_at_once && (progress & doing) == 0) {
        for (; i < count; ++i) {
            if (!work.take()) {
                progress = i;
                return false;
            }
            if (!from.can_give(from_first + i)) {
                return fail(Error::busy);
            }
        }
        i = 0;
    }
    for (; i < count; i += supplied_at_once) {
        if (work.is_done()) {
            progress = i | doing;
            return false;
        }
        const std::uint64_t few = std::min(count - i, supplied_at_once);
        TRY(supply_few(first + i, few, from, from_first + i));
        work.spend(static_cast<std::uint32_t>(few * supply_units));
    }
    return true;
}

// All, or none.
Result<> Memory::supply_few(std::uint64_t first, std::uint64_t count, Memory& from,
                            std::uint64_t from_first) {
    std::uint64_t missing = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const mm::PageSlot* target = map_.find_or_make(first + i, bank());
        if (target == nullptr) {
            return fail(Error::no_memory);
        }
        missing += target->present() ? 0 : 1;
        if (!from.can_give(from_first + i)) {
            return fail(Error::busy);
        }
    }
    const std::uint64_t paid = std::max(committed_, reserved_);
    const std::uint64_t needed = std::max(committed_ + missing, reserved_);
    if (!bank().charge(needed - paid)) {
        return fail(Error::no_memory);
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        mm::PageSlot* target = map_.find(first + i);
        if (target->present()) {
            continue;  // it was supplied before; what programs may have seen stays
        }
        mm::PageSlot& slot = *from.map_.find(from_first + i);
        from.unmap_page(from_first + i);
        target->raw = slot.frame().value();
        ++committed_;
        slot.raw = 0;
        from.refund_page();
    }
    wake_waiters(first, count, false);
    return {};
}

}  // namespace kernel
