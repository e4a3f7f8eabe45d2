// SPDX-License-Identifier: MIT
#include "kernel/object/cap_table.hpp"

#include <algorithm>
#include <new>

#include <arch/window.hpp>

#include "kernel/object/thread.hpp"

namespace kernel {

constinit std::uint32_t CapTable::latest_number_ = 0;

Result<CapTable*> CapTable::create(Bank& bank, std::uint64_t slots) {
    TRY(refuse_if(slots == 0 || slots > max_slots, Error::out_of_range));
    CapTable* table = TRY(bank.make<CapTable>(bank, static_cast<std::uint32_t>(slots)));
    return keep_if(table->make_first_pages(), table);
}

Result<> CapTable::make_first_pages() {
    if (slots_ > inline_pages * slots_per_page) {
        directory_ = static_cast<SlotPage**>(arch::window(TRY(bank().buy_frame())));
    }
    TRY(page_of(0));
    return {};
}

Result<CapTable::SlotPage*> CapTable::page_of(std::uint32_t index) {
    SlotPage*& page = directory_[index / slots_per_page];
    if (page == nullptr) {
        page = new (arch::window(TRY(bank().buy_frame()))) SlotPage();
        pages_ = std::max(pages_, index / slots_per_page + 1);
        const std::uint32_t first = index / slots_per_page * slots_per_page;
        for (std::uint32_t i = 0; i < slots_per_page; ++i) {
            (*page)[i].table = this;
            (*page)[i].index = first + i;
        }
    }
    return page;
}

Result<Capability*> CapTable::take_slot(std::uint64_t index) {
    if (index == abi::any_slot) {
        if (Capability* slot = free_.pop_front()) {
            return slot;
        }
        // Fresh slots that were named explicitly are in use or in the free list, and are passed over.
        for (; fresh_ < slots_; ++fresh_) {
            SlotPage* page = TRY(page_of(fresh_));
            Capability& slot = (*page)[fresh_ % slots_per_page];
            if (slot.empty() && !slot.link.linked() && !slot.lost) {
                ++fresh_;
                return &slot;
            }
        }
        return fail(Error::table_full);
    }
    TRY(refuse_if(index >= slots_, Error::out_of_range));
    SlotPage* page = TRY(page_of(static_cast<std::uint32_t>(index)));
    Capability& slot = (*page)[index % slots_per_page];
    TRY(refuse_if(!slot.empty(), Error::slot_in_use));
    slot.link.unlink_if_linked();
    slot.lost = false;
    return &slot;
}

void CapTable::put_back(Capability& slot) {
    slot.lost = false;
    // A named low slot is not for the kernel to choose. It needs no list: it is found by its index.
    if (slot.index >= first_chosen) {
        free_.push_front(slot);
    }
}

Result<CapTable*> CapTable::clone(Bank& bank, std::uint64_t first) {
    CapTable* copy = TRY(create(bank, slots_));
    Result<> done;
    for_each_slot([&](Capability& source) {
        if (done && source.index >= first && (!source.empty() || source.lost)) {
            done = copy->derive_at(source);
        }
    });
    return keep_if(done, copy);
}

Result<> CapTable::derive_at(Capability& source) {
    Capability& slot = *TRY(take_slot(source.index));
    if (source.lost || source.object->is_dying()) {
        slot.lost = true;  // the copy's user thinks that it has one
    } else {
        derive_capability(slot, source, abi::all_rights);
    }
    return {};
}

bool CapTable::empty_page(SlotPage& page, Work& work) {
    for (Capability& slot : page) {
        if (!slot.empty() && !delete_capability(slot, work)) {
            return false;
        }
    }
    if (!work.take(8)) {
        return false;
    }
    for (Capability& slot : page) {
        slot.link.unlink_if_linked();
    }
    return true;
}

bool CapTable::sever(Work& work) {
    if (!take_apart_each(threads_, work)) {
        return false;
    }
    // Nobody names this table any more, and nobody works with it: no slot is taken from now on.
    fresh_ = first_chosen;
    for (; emptied_ < pages_; ++emptied_) {
        if (SlotPage*& page = directory_[emptied_]; page != nullptr) {
            if (!empty_page(*page, work)) {
                return false;
            }
            bank().return_frame(arch::physical(page));
            page = nullptr;
        }
    }
    if (!work.take(4)) {
        return false;
    }
    if (directory_ != inline_directory_.data()) {
        bank().return_frame(arch::physical(directory_));
    }
    return true;
}

}  // namespace kernel
