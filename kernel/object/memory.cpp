// SPDX-License-Identifier: MIT
#include "kernel/object/memory.hpp"

#include <algorithm>
#include <utility>

#include <arch/memory.hpp>

#include "abi/kernel/operation.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/trace/trace.hpp"
#include "libs/base/align.hpp"

namespace kernel {

// ---- making -----------------------------------------------------------------------------------------------

Result<Memory*> Memory::create(Bank& bank, std::uint64_t bytes, std::uint64_t flags) {
    const std::uint64_t pages = bytes / Bank::page_bytes;
    Memory* memory = TRY(bank.make<Memory>(bank, pages));
    const auto fill = [&]() -> Result<> { return memory->fill(TRY(bank.buy_frames(pages))); };
    return (flags & abi::MemoryFlags::contiguous) != 0 ? keep_if(fill(), memory) : memory;
}

Result<> Memory::fill(PhysAddr base) {
    for (; committed_ < pages_; ++committed_) {
        mm::PageSlot* slot = map_.find_or_make(committed_, bank());
        if (slot == nullptr) {
            for (std::uint64_t rest = committed_; rest < pages_; ++rest) {
                mm::frames.release(base + rest * Bank::page_bytes);
            }
            bank().refund(pages_ - committed_);
            return fail(Error::no_memory);
        }
        slot->raw = (base + committed_ * Bank::page_bytes).value();
    }
    return {};
}

Result<Memory*> Memory::create_paged(Bank& bank, std::uint64_t bytes, Endpoint& pager,
                                     std::uint64_t badge) {
    Memory* memory = TRY(bank.make<Memory>(bank, bytes / Bank::page_bytes));
    memory->pager_ = &pager;
    memory->pager_badge_ = badge;
    pager.add_paged(*memory);
    return memory;
}

Result<Memory*> Memory::create_physical(Bank& bank, PhysAddr begin, std::uint64_t bytes) {
    Memory* memory = TRY(bank.make<Memory>(bank, bytes / Bank::page_bytes));
    memory->physical_ = true;
    memory->base_ = begin;
    return memory;
}

Result<Memory*> Memory::adopt(Bank& bank, PhysAddr begin, std::uint64_t bytes) {
    Memory* memory = TRY(bank.make<Memory>(bank, bytes / Bank::page_bytes));
    TRY(bank.charge(memory->pages_));  // at boot only: if it fails, the machine is too small
    TRY(memory->fill(begin));
    return memory;
}

Result<Memory*> Memory::clone(Bank& bank, std::uint64_t first, std::uint64_t count,
                              const AddressSpace* cloning) {
    Memory* copy = TRY(bank.make<Memory>(bank, count));
    if (is_paged() || source_ != nullptr) {
        copy->source_ = source_ != nullptr ? source_ : this;
        copy->source_first_ = source_first_ + first;
        copy->lost_pager_ = lost_pager_;
        copy->source_->clones_.push_back(*copy);
        copy->source_->retain();
        if (source_ == nullptr) {
            return copy;
        }
    }
    const bool whole = first == 0 && count == pages_;
    std::uint64_t to_copy = whole ? committed_ : 0;
    if (!whole) {
        map_.for_each(first, first + count, [&](std::uint64_t, mm::PageSlot&) { ++to_copy; });
    }
    bool any_pinned = false;
    const auto share = [&any_pinned](const mm::PageSlot& slot, mm::PageSlot& target) {
        PhysAddr frame = slot.frame();
        if (slot.is_pinned()) [[unlikely]] {
            // It cannot change its frame at the next write, so the copy gets its own now.
            any_pinned = true;
            const auto own = mm::frames.take();
            if (!own) {
                return false;
            }
            arch::copy_page(arch::window(*own), arch::window(frame));
            frame = *own;
        } else {
            mm::frames.add_reference(frame);
        }
        target.raw = frame.value();
        return true;
    };
    copy->leftover_ = whole ? leftover_ : nothing_left;
    const auto paid = bank.charge(to_copy);
    bool complete = paid.has_value();
    if (complete && whole) {
        complete = map_.for_each_copied(copy->map_, bank, share);
    } else if (complete) {
        map_.for_each(first, first + count, [&](std::uint64_t index, mm::PageSlot& slot) {
            mm::PageSlot* target =
                complete ? copy->map_.find_or_make(index - first, bank) : nullptr;
            complete = target != nullptr && share(slot, *target);
        });
    }
    if (!complete) {
        copy->map_.for_each(0, count, [&](std::uint64_t, mm::PageSlot&) { ++copy->committed_; });
        bank.refund(paid ? to_copy - copy->committed_ : 0);
        copy->end();
        return fail(Error::no_memory);
    }
    copy->committed_ = to_copy;
    if (any_pinned) [[unlikely]] {
        unmap_pinned(first, count);
    }
    protect_all(cloning);
    return copy;
}

// ---- charge -----------------------------------------------------------------------------------------------

Result<> Memory::pay_page() {
    if (committed_ >= reserved_) {
        TRY(bank().charge(1));
    }
    ++committed_;
    return {};
}

void Memory::refund_page() {
    --committed_;
    if (committed_ >= reserved_) {
        bank().refund(1);
    }
}

Result<> Memory::reserve(std::uint64_t pages) {
    const std::uint64_t before = std::max(committed_, reserved_);
    const std::uint64_t after = std::max(committed_, pages);
    if (after > before) {
        TRY(bank().charge(after - before));
    } else {
        bank().refund(before - after);
    }
    reserved_ = pages;
    return {};
}

// ---- pages ------------------------------------------------------------------------------------------------

Result<mm::PageSlot*> Memory::own_copy(std::uint64_t index, mm::PageSlot& slot) {
    const PhysAddr frame = TRY(mm::frames.take());
    arch::copy_page(arch::window(frame), arch::window(slot.frame()));
    mm::frames.release(slot.frame());
    slot.raw = frame.value();
    unmap_page(index);
    return &slot;
}

Result<mm::PageSlot*> Memory::fresh_page(std::uint64_t index, const void* contents) {
    mm::PageSlot* slot = map_.find_or_make(index, bank());
    TRY(refuse_if(slot == nullptr, Error::no_memory));
    TRY(pay_page());
    const auto frame = mm::frames.take();
    if (!frame) {
        refund_page();
        return fail(frame.error());
    }
    if (contents == nullptr) {
        arch::zero_page(arch::window(*frame));
    } else {
        arch::copy_page(arch::window(*frame), contents);
        unmap_page(index);
    }
    slot->raw = frame->value();
    return slot;
}

Result<Memory::Page> Memory::page_for(std::uint64_t index, bool write) {
    TRY(refuse_if(index >= pages_, Error::out_of_range));
    if (physical_) {
        return Page{.frame = base_ + index * Bank::page_bytes, .writable = true};
    }
    mm::PageSlot* slot = map_.find(index);
    if (slot != nullptr && slot->present()) {
        const bool shared = mm::frames.references(slot->frame()) > 1;
        if (shared && write) {
            slot = TRY(own_copy(index, *slot));
        }
        return Page{.frame = slot->frame(), .writable = write || !shared};
    }
    if (source_ != nullptr) {
        const Page below = TRY(source_->page_for(source_first_ + index, false));
        if (below.pager_of != nullptr || !write) {
            Page page = below;
            page.writable = false;
            return page;
        }
        slot = TRY(fresh_page(index, arch::window(below.frame)));
        return Page{.frame = slot->frame(), .writable = true};
    }
    TRY(refuse_if(lost_pager_ || is_dying(), Error::dead));
    if (pager_ != nullptr) {
        return Page{.pager_of = this, .pager_page = index};
    }
    slot = TRY(fresh_page(index, nullptr));
    return Page{.frame = slot->frame(), .writable = true};
}

bool Memory::lies_at(std::uint64_t first, std::uint64_t count, PhysAddr frame, bool writable) {
    if (!base::range_fits(first, count, pages_)) {
        return false;
    }
    if (physical_) {
        return true;
    }
    // Pages mostly come from the first to the last: whoever asks after each of them shall not look at all.
    const mm::PageSlot* last = map_.find(first + count - 1);
    if (last == nullptr || !last->present()) {
        return false;
    }
    std::uint64_t next = first;
    const auto fits = [&](std::uint64_t index, const mm::PageSlot& slot) {
        const bool in_row =
            index == next++ && slot.frame() == frame + (index - first) * Bank::page_bytes;
        return in_row && (!writable || mm::frames.references(slot.frame()) == 1);
    };
    return map_.for_each_while(
               first, first + count, [] { return true; }, fits) == first + count &&
           next == first + count;
}

Result<void*> Memory::kernel_page(std::uint64_t index, bool write) {
    const Page page = TRY(page_for(index, write));
    TRY(refuse_if(physical_ || page.pager_of != nullptr, Error::busy));
    return arch::window(page.frame);
}

Result<PhysAddr> Memory::pin(std::uint64_t index) {
    mm::PageSlot* slot = map_.find(index);
    TRY(refuse_if(slot != nullptr && slot->is_pinned(), Error::busy));
    const Page page = TRY(page_for(index, true));
    TRY(refuse_if(physical_ || page.pager_of != nullptr, Error::busy));
    map_.find(index)->raw |= mm::PageSlot::pinned;
    return page.frame;
}

Result<> Memory::pin_for_device(std::uint64_t first, std::uint64_t count,
                                std::uint64_t* addresses) {
    for (std::uint64_t i = first; i < first + count; ++i) {
        TRY(kernel_page(i, true));
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        mm::PageSlot& slot = *map_.find(first + i);
        slot.raw |= mm::PageSlot::pinned_for_device;
        addresses[i] = slot.frame().value();
    }
    return {};
}

void Memory::unpin(std::uint64_t index) { map_.find(index)->raw &= ~mm::PageSlot::pinned; }

// ---- paging -----------------------------------------------------------------------------------------------

void Memory::end_waits(std::uint64_t first, std::uint64_t count, News news) {
    const auto end_wait = [&](Thread& thread) {
        if (thread.waiting.address - first >= count) {
            return;
        }
        if (news == News::failed) {
            thread.lose_page();
            return;
        }
        if (const auto page = page_for(thread.waiting.address, false)) {
            thread.space().bring_in(thread.waiting.fault_address, *this, thread.waiting.address,
                                    *page, AddressSpace::Near::always);
        }
        if (std::exchange(news, News::come) == News::come_to_run) {
            thread.wake_preferred();
        } else {
            thread.wake();
        }
    };
    waiters_.for_each(end_wait);
    if (pager_ != nullptr) {
        pager_->for_each_request(*this, end_wait);
    }
}

bool Memory::wake_all_waiters(Work& work) {
    return end_each(waiters_, work, 8, [](Thread& waiter) { waiter.lose_page(); });
}

bool Memory::lose_pager(Work& work) {
    if (!wake_all_waiters(work)) {
        return false;
    }
    paged_link.unlink();
    lost_pager_ = true;
    end_waits(0, max_pages, News::failed);
    pager_ = nullptr;
    return true;
}

// ---- regions ----------------------------------------------------------------------------------------------

std::uint32_t Memory::unmap_page(std::uint64_t index) {
    std::uint32_t regions = 0;
    regions_.for_each([&](Region& region) {
        region.space->clear_entry(region, index, regions == 0);
        ++regions;
    });
    clones_.for_each([&](Memory& clone) {
        const std::uint64_t own_index = index - clone.source_first_;
        if (index < clone.source_first_ || own_index >= clone.pages_) {
            return;
        }
        const mm::PageSlot* own = clone.map_.find(own_index);
        if (own == nullptr || !own->present()) {
            regions += clone.unmap_page(own_index);
        }
        ++regions;
    });
    return regions;
}

// A space that is cloned copies its entries, and these show frames that the copy does not hold.
void Memory::unmap_pinned(std::uint64_t first, std::uint64_t count) {
    map_.for_each(first, first + count, [this](std::uint64_t index, const mm::PageSlot& slot) {
        if (slot.is_pinned()) {
            unmap_page(index);
        }
    });
}

void Memory::protect_all(const AddressSpace* cloning) {
    constexpr std::uint64_t not_copied =
        abi::MapFlags::on_clone_drop | abi::MapFlags::on_clone_share;
    regions_.for_each([cloning](const Region& region) {
        if ((region.flags & abi::MapFlags::write) != 0 &&
            (region.space != cloning || (region.flags & not_copied) != 0)) {
            region.space->protect_entries(region);
        }
    });
}

bool Memory::drop_all(Work& work) {
    // Nobody maps this Memory any more, but clones may still map pages of it.
    const std::uint64_t before = std::max(committed_, reserved_);
    const bool done =
        map_.release(bank(), work, [this, &work](std::uint64_t index, mm::PageSlot& slot) {
            if (!work.take()) {
                return false;
            }
            if (!clones_.empty()) {
                work.spend(unmap_page(index));
            }
            mm::frames.release(slot.frame());
            slot.raw = 0;
            --committed_;
            return true;
        });
    bank().refund(before - std::max(committed_, reserved_));
    return done;
}

bool Memory::sever(Work& work) {
    Trace::forget(*this);
    if (!take_apart_each(page_users_, work)) {
        return false;
    }
    while (Region* region = regions_.front()) {
        if (!region->space->delete_region(*region, work)) {
            return false;
        }
    }
    if ((pager_ != nullptr && !lose_pager(work)) || !wake_all_waiters(work) ||
        !end_each(futex_waiters_, work, 8, [](Thread& waiter) { waiter.wake_with(Error::dead); }) ||
        !drop_all(work)) {
        return false;
    }
    const auto orphan = [this](Memory& clone) {
        clone.clone_link.unlink();
        clone.source_ = nullptr;
        clone.lost_pager_ = true;
        release();
    };
    if (!end_each(clones_, work, 2, orphan) || !work.take(4)) {
        return false;
    }
    bank().refund(reserved_);
    if (source_ != nullptr) {
        clone_link.unlink();
        source_->release();
    }
    return true;
}

}  // namespace kernel
