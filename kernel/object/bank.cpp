// SPDX-License-Identifier: MIT
#include "kernel/object/bank.hpp"

#include <algorithm>
#include <bit>

#include <arch/window.hpp>

#include "kernel/assert.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/notification.hpp"
#include "libs/base/align.hpp"

namespace kernel {

std::size_t Bank::class_of(std::size_t size) {
    const std::size_t rounded = std::bit_ceil(size < smallest_block ? smallest_block : size);
    return static_cast<std::size_t>(std::countr_zero(rounded)) - std::countr_zero(smallest_block);
}

Result<Bank*> Bank::create(Bank& parent, std::uint64_t limit_bytes) {
    TRY(refuse_if(parent.depth_ == max_depth, Error::too_deep));
    return parent.make<Bank>(parent, &parent, limit_bytes / page_bytes);
}

Result<> Bank::charge(std::uint64_t pages) {
    for (Bank* bank = this; bank != nullptr; bank = bank->parent_) {
        if (pages > bank->watched_limit_ || bank->charged_ > bank->watched_limit_ - pages)
            [[unlikely]] {
            return charge_beyond(pages, *bank);
        }
        bank->charged_ += pages;
    }
    own_ += pages;
    return {};
}

// One above, before which all are charged, has no room below its watched limit.
Result<> Bank::charge_beyond(std::uint64_t pages, Bank& full) {
    for (Bank* undo = this; undo != &full; undo = undo->parent_) {
        undo->charged_ -= pages;
    }
    const bool was_watched = full.watched_limit_ < full.limit_;
    full.tell_watcher();
    return was_watched ? charge(pages) : fail(Error::no_memory);
}

void Bank::refund(std::uint64_t pages) {
    ASSERT(own_ >= pages);
    own_ -= pages;
    for (Bank* bank = this; bank != nullptr; bank = bank->parent_) {
        bank->charged_ -= pages;
    }
}

void Bank::watch(Notification& target, std::uint64_t bits, std::uint64_t left_bytes) {
    watcher_.begin(target, bits);
    watched_limit_ = limit_ - std::min(limit_, left_bytes / page_bytes);
    if (charged_ > watched_limit_) {
        tell_watcher();
    }
}

void Bank::tell_watcher() {
    watched_limit_ = limit_;
    if (Notification* target = watcher_.target) {
        watcher_.cancel();
        target->signal(watcher_.bits);
    }
}

// Inlined where it is one.
[[gnu::always_inline]] Result<PhysAddr> Bank::buy_frames(std::uint64_t count) {
    TRY(charge(count));
    const auto first = count == 1 ? mm::frames.take_zeroed() : mm::frames.take_contiguous(count);
    if (!first) {
        refund(count);
    }
    return first;
}

Result<PhysAddr> Bank::buy_frame() { return buy_frames(1); }

void Bank::return_frame(PhysAddr frame) {
    mm::frames.release(frame);
    refund(1);
}

Result<void*> Bank::buy_block(std::size_t size) {
    const std::size_t size_class = class_of(size);
    const std::size_t block = smallest_block << size_class;
    if (block == page_bytes) {
        return arch::window(TRY(buy_frame()));
    }
    TRY(refuse_if(is_dying(), Error::no_memory));  // not even what has been paid for
    auto& partial = partial_[size_class];
    if (partial.empty()) {
        auto* made = static_cast<SlabHeader*>(arch::window(TRY(buy_frame())));
        made->bank = this;
        made->size_class = static_cast<std::uint16_t>(size_class);
        // The header takes the first block, or of large blocks only the space that is left over.
        made->capacity = static_cast<std::uint16_t>((page_bytes - sizeof(SlabHeader)) / block);
        partial.push_front(*made);
    }
    SlabHeader& slab = partial.first();
    void* result = slab.free;
    if (result != nullptr) {
        slab.free = slab.free->next;
    } else {
        const std::size_t from_end = page_bytes - block * (slab.fresh + std::size_t{1});
        result = reinterpret_cast<std::byte*>(&slab) + from_end;
        ++slab.fresh;
    }
    if (++slab.used == slab.capacity) {
        slab.partial_link.unlink();
    }
    return result;
}

void Bank::return_block(void* block, std::size_t size) {
    const std::size_t size_class = class_of(size);
    if ((smallest_block << size_class) == page_bytes) {
        return_frame(arch::physical(block));
        return;
    }
    auto* slab = reinterpret_cast<SlabHeader*>(
        base::align_down(reinterpret_cast<std::uint64_t>(block), page_bytes));
    ASSERT(slab->bank == this);
    if (slab->full()) {
        partial_[size_class].push_front(*slab);
    }
    if (--slab->used == 0) {
        slab->partial_link.unlink();
        return_frame(arch::physical(slab));
        return;
    }
    auto* free = static_cast<FreeBlock*>(block);
    free->next = slab->free;
    slab->free = free;
}

bool Bank::sever(Work& work) {
    close();
    watcher_.cancel();
    while (Object* object = objects_.front()) {
        // Down to the first that has nothing below it.
        while (object->type() == ObjectType::bank) {
            auto& inner = static_cast<Bank&>(*object);
            inner.close();
            if (inner.objects_.empty()) {
                break;
            }
            object = inner.objects_.front();
        }
        if (!object->take_apart(work)) {
            return false;
        }
    }
    return work.take(2);
}

}  // namespace kernel
