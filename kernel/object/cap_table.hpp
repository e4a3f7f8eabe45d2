// SPDX-License-Identifier: MIT
// CapTable: the capabilities of one protection domain. Index to slot in O(1).
//
// Slots live in pages of 64, bought from the table's bank when first used (the first page at once: messages look into it
// without asking whether it is there); a directory points to the pages (inside the object for up to 256 slots, else one page).
// Free slots: a list of those that were used before (but not the lost ones: capability.hpp), then the fresh ones
// from `fresh_` on. The first slots are never chosen by the kernel: whoever fills the table names them.
//
// A table is used by threads; when it is destroyed they are too.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include <arch/speculation.hpp>

#include "kernel/capability/capability.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/object.hpp"
#include "kernel/object/thread_list.hpp"
#include "kernel/result.hpp"
#include "libs/base/list.hpp"

namespace kernel {

class CapTable final : public Object {
public:
    static constexpr auto kind = ObjectType::cap_table;

    static constexpr std::uint32_t slots_per_page = 64;
    static constexpr std::uint32_t max_slots = 512 * slots_per_page;
    static constexpr std::uint32_t first_chosen = 16;

    CapTable(Bank& bank, std::uint32_t slots) : Object(kind, bank), slots_(slots) {}
    static Result<CapTable*> create(Bank& bank, std::uint64_t slots);

    // The capability at `index`, or nullptr.
    [[nodiscard]] Capability* find(std::uint64_t index) {
        Capability* slot = slot_at(index);
        return slot == nullptr || slot->empty() ? nullptr : slot;
    }
    // The slot, empty or not; nullptr: there is none, or it was never used.
    [[nodiscard]] Capability* slot_at(std::uint64_t index) {
        if (index >= slots_) [[unlikely]] {
            return nullptr;
        }
        index = arch::clamp_index(index, slots_);
        SlotPage* page = directory_[index / slots_per_page];
        return page == nullptr ? nullptr : &(*page)[index % slots_per_page];
    }

    // The slots 0 to 63, for threads to keep at hand.
    using SlotPage = std::array<Capability, slots_per_page>;
    [[nodiscard]] SlotPage* first_page() const { return directory_[0]; }

    // An empty slot, taken out of the free ones: `index`, or with any_slot one of the kernel's choosing. It must be filled, or
    // put back.
    Result<Capability*> take_slot(std::uint64_t index);
    void put_back(Capability& slot);

    // A table with derived capabilities in the same slots, from `first` on. What is lost here is lost there.
    Result<CapTable*> clone(Bank& bank, std::uint64_t first);

    [[nodiscard]] bool sever(Work& work);
    [[nodiscard]] std::uint32_t slots() const { return slots_; }

    template <class Visit>
    void for_each_slot(Visit&& visit) {
        for (std::uint32_t page = 0; page < pages_; ++page) {
            if (directory_[page] != nullptr) {
                std::ranges::for_each(*directory_[page], visit);
            }
        }
    }

    // Of the domain, for those who look on (trace/).
    std::uint32_t number = ++latest_number_;

    void add_thread(ThreadLinks& thread) { threads_.push_back(thread); }

private:
    friend class Invariants;
    static constexpr std::uint32_t inline_pages = 4;

    static constinit std::uint32_t latest_number_;

    Result<> make_first_pages();
    // Into the slot of the same index, which is lost if the source is, or is about to be.
    Result<> derive_at(Capability& source);
    Result<SlotPage*> page_of(std::uint32_t index);
    [[nodiscard]] bool empty_page(SlotPage& page, Work& work);

    std::uint32_t slots_;
    std::uint32_t fresh_ = first_chosen;
    std::uint32_t pages_ = 0;  // there is none from here on
    std::array<SlotPage*, inline_pages> inline_directory_{};
    SlotPage** directory_ = inline_directory_.data();
    base::List<Capability, &Capability::link> free_;
    ThreadList<&ThreadLinks::table_link> threads_;  // they die with the table
    std::uint32_t emptied_ = 0;                     // pages that are gone, of a dying table
};

}  // namespace kernel
