// SPDX-License-Identifier: MIT
#include "kernel/object/bank.hpp"

#include <bit>

#include <arch/window.hpp>

#include "kernel/assert.hpp"
#include "kernel/mm/frame_pool.hpp"
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

bool Bank::charge(std::uint64_t pages) {
    for (Bank* bank = this; bank != nullptr; bank = bank->parent_) {
        if (pages > bank->limit_ || bank->charged_ > bank->limit_ - pages) {
            for (Bank* undo = this; undo != bank; undo = undo->parent_) {
                undo->charged_ -= pages;
            }
            return false;
        }
        bank->charged_ += pages;
    }
    own_ += pages;
    return true;
}

void Bank::refund(std::uint64_t pages) {
    ASSERT(own_ >= pages);
    own_ -= pages;
    for (Bank* bank = this; bank != nullptr; bank = bank->parent_) {
        bank->charged_ -= pages;
    }
}

std::optional<PhysAddr> Bank::buy_frame() {
    if (!charge(1)) {
        return std::nullopt;
    }
    const auto frame = mm::frames.take_zeroed();
    if (!frame) {
        refund(1);
    }
    return frame;
}

void Bank::return_frame(PhysAddr frame) {
    mm::frames.release(frame);
    refund(1);
}

void* Bank::buy_page() {
    const auto frame = buy_frame();
    return frame ? arch::window(*frame) : nullptr;
}

void Bank::return_page(void* page) { return_frame(arch::physical(page)); }

void* Bank::buy_block(std::size_t size) {
    const std::size_t size_class = class_of(size);
    const std::size_t block = smallest_block << size_class;
    if (block == page_bytes) {
        return buy_page();
    }
    if (is_dying()) [[unlikely]] {
        return nullptr;  // not even what has been paid for
    }
    SlabHeader* slab = partial_[size_class];
    if (slab == nullptr) {
        slab = static_cast<SlabHeader*>(buy_page());
        if (slab == nullptr) {
            return nullptr;
        }
        slab->bank = this;
        slab->size_class = static_cast<std::uint16_t>(size_class);
        // The header takes the first block, or of large blocks only the space that is left over.
        slab->capacity = static_cast<std::uint16_t>((page_bytes - sizeof(SlabHeader)) / block);
        partial_[size_class] = slab;
    }
    void* result = slab->free;
    if (result != nullptr) {
        slab->free = slab->free->next;
    } else {
        const std::size_t from_end = page_bytes - block * (slab->fresh + std::size_t{1});
        result = reinterpret_cast<std::byte*>(slab) + from_end;
        ++slab->fresh;
    }
    if (++slab->used == slab->capacity) {
        partial_[size_class] = slab->next;
        if (slab->next != nullptr) {
            slab->next->previous = nullptr;
        }
        slab->next = nullptr;
    }
    return result;
}

void Bank::return_block(void* block, std::size_t size) {
    const std::size_t size_class = class_of(size);
    if ((smallest_block << size_class) == page_bytes) {
        return_page(block);
        return;
    }
    auto* slab = reinterpret_cast<SlabHeader*>(
        base::align_down(reinterpret_cast<std::uint64_t>(block), page_bytes));
    ASSERT(slab->bank == this);
    const bool was_full = slab->full();
    --slab->used;
    if (slab->used == 0) {
        if (!was_full) {
            (slab->previous != nullptr ? slab->previous->next : partial_[size_class]) = slab->next;
            if (slab->next != nullptr) {
                slab->next->previous = slab->previous;
            }
        }
        return_page(slab);
        return;
    }
    auto* free = static_cast<FreeBlock*>(block);
    free->next = slab->free;
    slab->free = free;
    if (was_full) {
        slab->next = partial_[size_class];
        slab->previous = nullptr;
        if (slab->next != nullptr) {
            slab->next->previous = slab;
        }
        partial_[size_class] = slab;
    }
}

bool Bank::sever(Work& work) {
    close();
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
