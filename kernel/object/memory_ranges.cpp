// SPDX-License-Identifier: MIT
// What goes through a range of a Memory, in steps: docs/decisions/bounded-steps.md.
#include <algorithm>
#include <array>

#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/memory.hpp"

namespace kernel {

namespace {

// Work: a page that comes and is cleared; a look for a run of frames; a node of the map to look at.
constexpr std::uint32_t page_units = 8;
constexpr std::uint32_t run_units = 80;
constexpr std::uint32_t node_units = 24;

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

// For a page that is committed: so that where a whole large page is, page tables can have a large entry, its frame follows that of
// the page before it, or begins a run of free ones.
void Memory::choose_frame(std::uint64_t index, std::uint64_t end, Work& work) {
    constexpr std::uint64_t run = mm::FramePool::run_frames;
    // The node first, which may take a frame itself. Where there is no room, page_for says so.
    const mm::PageSlot* slot = is_paged() ? nullptr : map_.find_or_make(index, bank());
    if (slot == nullptr || slot->present()) {
        return;
    }
    if (index % run == 0) {
        if (end - index >= run) {
            work.spend(run_units);
            mm::frames.put_first(mm::frames.find_run());
        }
    } else if (const mm::PageSlot* before = map_.find(index - 1);
               before != nullptr && before->present() &&
               before->frame().value() / Bank::page_bytes % run == index % run - 1) {
        mm::frames.put_first(before->frame() + Bank::page_bytes);
    }
}

Result<bool> Memory::commit(std::uint64_t first, std::uint64_t count, std::uint64_t& progress,
                            Work& work) {
    for (std::uint64_t i = std::max(first, progress); i < first + count; ++i) {
        if (!work.take(page_units)) {
            progress = i;
            return false;
        }
        choose_frame(i, first + count, work);
        const Page page = TRY(page_for(i, true));
        TRY(refuse_if(page.pager_of != nullptr, Error::busy));
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
    TRY(refuse_if(pinned, Error::busy));
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
    end_waits(pages, max_pages, News::failed);
    pages_ = pages;
    leftover_ = std::min(leftover_, pages);
    if (reserved_ > pages) {
        (void)reserve(pages);  // less of it can be had
    }
}

// ---- supply -----------------------------------------------------------------------------------------------

Result<> Memory::supply(const Supply& supply) {
    struct Move {
        mm::PageSlot* to;
        mm::PageSlot* from;
        std::uint64_t from_index;
    };
    std::array<Move, abi::most_supplied> moves;
    std::uint64_t moving = 0;
    // From the last on: the map grows in height for the first that is looked for, if at all, and then no slot moves.
    for (std::uint64_t i = supply.count; i-- > 0;) {
        mm::PageSlot* to = map_.find_or_make(supply.first + i, bank());
        TRY(refuse_if(to == nullptr, Error::no_memory));
        const std::uint64_t from_index = supply.from_first + i;
        mm::PageSlot* from = supply.from.map_.find(from_index);
        TRY(refuse_if(!can_give(from), Error::busy));
        // What was supplied before stays, as programs may have seen it.
        if (!to->present()) {
            moves[moving++] = {.to = to, .from = from, .from_index = from_index};
        }
    }
    TRY(take_over_charge(supply.from, moving));
    for (std::uint64_t i = 0; i < moving; ++i) {
        supply.from.unmap_page(moves[i].from_index);
        moves[i].to->raw = moves[i].from->frame().value();
        moves[i].from->raw = 0;
    }
    end_waits(supply.first, supply.count, supply.news);
    return {};
}

// So many pages of the other's become its own.
Result<> Memory::take_over_charge(Memory& from, std::uint64_t count) {
    const std::uint64_t more =
        std::max(committed_ + count, reserved_) - std::max(committed_, reserved_);
    const std::uint64_t less = std::max(from.committed_, from.reserved_) -
                               std::max(from.committed_ - count, from.reserved_);
    from.bank().refund(less);
    if (const auto charged = bank().charge(more); !charged) {
        (void)from.bank().charge(less);  // nobody has taken it in the meantime
        return charged;
    }
    committed_ += count;
    from.committed_ -= count;
    return {};
}

}  // namespace kernel
