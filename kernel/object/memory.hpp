// SPDX-License-Identifier: MIT
// Memory: pages that can be mapped.
//
// Kinds
//   anonymous   pages appear, zeroed, when first touched
//   paged       pages are asked of a pager (a server behind an endpoint) when first touched, and supplied by it
//   clone       copy-on-write. Of an anonymous Memory: its pages are shared by both until one writes. Of a paged one (`source_`):
//               pages that the clone has not written are the source's own
//   physical    device registers; no frames of RAM
//
// Every page in the map is charged to this Memory's bank, even if its frame is shared copy-on-write with another Memory:
// a write to it then needs no new charge. A clone's pages that are still its source's are the source's charge.
//
// A Memory may have a reserve: pages charged in advance, so that as many can come without a charge that could fail. The
// charge is the larger of what is committed and what is reserved. A copy does not inherit it.
//
// Page tables cache what stands here. Whoever changes a slot calls `unmap_page`, which visits the regions that map it; a page
// table may map a frame writable only while it is referenced once, by this Memory.
#pragma once

#include <cstdint>

#include "kernel/mm/frame_pool.hpp"
#include "kernel/mm/page_map.hpp"
#include "kernel/object/object.hpp"
#include "kernel/object/region.hpp"
#include "kernel/object/thread_list.hpp"
#include "kernel/result.hpp"
#include "kernel/types.hpp"

namespace kernel {

class AddressSpace;
class Endpoint;

class Memory final : public Object {
public:
    static constexpr auto kind = ObjectType::memory;

    static constexpr std::uint64_t max_pages = std::uint64_t{1} << 35;  // the whole user half

    Memory(Bank& bank, std::uint64_t pages) : Object(kind, bank), pages_(pages) {}

    static Result<Memory*> create(Bank& bank, std::uint64_t bytes, std::uint64_t flags);
    static Result<Memory*> create_paged(Bank& bank, std::uint64_t bytes, Endpoint& pager,
                                        std::uint64_t badge);
    // Device memory; the range holds no RAM.
    static Result<Memory*> create_physical(Bank& bank, PhysAddr begin, std::uint64_t bytes);
    // Frames that are in use since boot (FramePool::adopt).
    static Result<Memory*> adopt(Bank& bank, PhysAddr begin, std::uint64_t bytes);
    // Write access to the pages is taken from all page tables; not from those of `cloning`, for the regions that are copied
    // with it, which the caller does.
    Result<Memory*> clone(Bank& bank, std::uint64_t first, std::uint64_t count,
                          const AddressSpace* cloning = nullptr);

    // What is needed to map a page: its frame, or, if that cannot be had at once, whose pager must be asked.
    struct Page {
        PhysAddr frame{};
        bool writable = false;       // may be mapped writable
        Memory* pager_of = nullptr;  // null: `frame` is there
        std::uint64_t pager_page = 0;
    };
    Result<Page> page_for(std::uint64_t index, bool write);
    // Would page_for say that the pager must be asked, and this one's? Sooner.
    [[nodiscard]] bool must_ask_for(std::uint64_t index) {
        if (pager_ == nullptr || index >= pages_ || is_dying()) {
            return false;
        }
        const mm::PageSlot* slot = map_.find(index);
        return slot == nullptr || !slot->present();
    }
    // Its own slots of the pages around this one, from the first of `before` on to the last of `after`, which become fewer; or
    // nullptr.
    [[nodiscard]] const mm::PageSlot* slots_near(std::uint64_t index, std::uint64_t& before,
                                                 std::uint64_t& after) {
        after = index < pages_ ? std::min(after, pages_ - 1 - index) : after;
        return index < pages_ ? map_.find_row(index, before, after) : nullptr;
    }
    // Are these pages, all of them there, in a row from `frame` on? If they shall be writable: and nobody else's?
    [[nodiscard]] bool lies_at(std::uint64_t first, std::uint64_t count, PhysAddr frame,
                               bool writable);

    // These go as far as `work` does, and have left in `progress` (0 at first) where they go on when they are called again with the
    // same arguments. False: there is more to do.
    Result<bool> resize(std::uint64_t pages, std::uint64_t& progress, Work& work);
    Result<bool> commit(std::uint64_t first, std::uint64_t count, std::uint64_t& progress,
                        Work& work);
    // busy: a page in the range is pinned.
    Result<bool> decommit(std::uint64_t first, std::uint64_t count, std::uint64_t& progress,
                          Work& work);
    // What those hear who wait for pages: they will not come, which is a fault; they have come; they have, and the first who
    // hears it runs next, as the pager is about to wait.
    enum class News : std::uint8_t { failed, come, come_to_run };
    struct Supply {
        std::uint64_t first;
        std::uint64_t count;  // at most abi::most_supplied
        Memory& from;
        std::uint64_t from_first;
        News news;
    };
    // All, or none. busy: a page is not there, pinned, or shared with a copy. no_memory.
    Result<> supply(const Supply& supply);
    Result<PhysAddr> pin(std::uint64_t index);
    void unpin(std::uint64_t index);
    // Pinned for as long as the Memory lives, as often as one likes; where each page is. All, or none.
    Result<> pin_for_device(std::uint64_t first, std::uint64_t count, std::uint64_t* addresses);
    // no_memory: the bank cannot pay for so many.
    Result<> reserve(std::uint64_t pages);
    // Whoever waits for these pages goes on.
    void end_waits(std::uint64_t first, std::uint64_t count, News news);
    // The frame for the kernel's own reading or writing (read, write, futex words); not if a pager would have to be asked.
    Result<void*> kernel_page(std::uint64_t index, bool write);

    // Clears all page-table entries for one of its pages, in all regions, and in those of its clones. -> how many there are
    std::uint32_t unmap_page(std::uint64_t index);

    void add_region(Region& region) {
        regions_.push_front(region);
        retain();
    }
    void remove_region(Region& region) {
        region.memory_link.unlink();
        release();
    }
    void add_waiter(ThreadLinks& thread) { waiters_.push_back(thread); }
    void add_page_user(ThreadLinks& thread) { page_users_.push_back(thread); }
    void add_futex_waiter(ThreadLinks& thread) { futex_waiters_.push_back(thread); }
    // The pager dies: whoever waits for a page has a fault. False: not yet done.
    [[nodiscard]] bool lose_pager(Work& work);
    [[nodiscard]] bool sever(Work& work);

    [[nodiscard]] std::uint64_t pages() const { return pages_; }
    [[nodiscard]] std::uint64_t bytes() const { return pages_ * Bank::page_bytes; }
    [[nodiscard]] std::uint64_t committed() const { return committed_; }
    [[nodiscard]] std::uint64_t reserved() const { return reserved_; }
    [[nodiscard]] Endpoint* pager() const { return pager_; }
    [[nodiscard]] std::uint64_t pager_badge() const { return pager_badge_; }
    [[nodiscard]] bool is_physical() const { return physical_; }
    [[nodiscard]] bool is_paged() const { return pager_ != nullptr || lost_pager_; }
    [[nodiscard]] PhysAddr physical_base() const { return base_; }

    base::ListLink paged_link;  // Endpoint: the Memory objects whose pager it is
    // While an address space is cloned: what this Memory's regions map in the copy.
    Memory* clone_in_progress = nullptr;

    base::ListLink clone_link;  // the source's list of clones

private:
    friend class Invariants;
    friend struct PagePath;
    // Frames in a row, which are paid for, become its pages. Those that it has no room to note are given back.
    Result<> fill(PhysAddr base);
    Result<mm::PageSlot*> own_copy(std::uint64_t index, mm::PageSlot& slot);
    Result<mm::PageSlot*> fresh_page(std::uint64_t index, const void* contents);
    void choose_frame(std::uint64_t index, std::uint64_t end, Work& work);
    std::uint32_t drop_slot(std::uint64_t index, mm::PageSlot& slot);
    Result<bool> find_pinned(std::uint64_t first, std::uint64_t end, std::uint64_t& progress,
                             Work& work);
    [[nodiscard]] bool drop_pages(std::uint64_t first, std::uint64_t end, std::uint64_t& progress,
                                  Work& work);
    void cut_off(std::uint64_t pages);
    // Pages that can move to another Memory: there, this one's alone, and not pinned.
    [[nodiscard]] static bool can_give(const mm::PageSlot* slot) {
        return slot != nullptr && slot->present() && !slot->is_pinned() &&
               mm::frames.references(slot->frame()) == 1;
    }
    // Page tables may have entries for its pages.
    [[nodiscard]] bool is_mapped() const { return !regions_.empty() || !clones_.empty(); }
    Result<> take_over_charge(Memory& from, std::uint64_t count);
    [[nodiscard]] bool wake_all_waiters(Work& work);
    [[nodiscard]] bool drop_all(Work& work);
    // The charge of one page more, and of one less, than `committed_`, which it changes.
    Result<> pay_page();
    void refund_page();
    void unmap_pinned(std::uint64_t first, std::uint64_t count);
    void protect_all(const AddressSpace* cloning);

    mm::PageMap map_;
    std::uint64_t pages_;
    // Of what a resize has cut off, the pages from here on may be there yet, mapped or not. They go before it grows again.
    static constexpr std::uint64_t nothing_left = ~std::uint64_t{0};
    std::uint64_t leftover_ = nothing_left;
    std::uint64_t committed_ = 0;
    std::uint64_t reserved_ = 0;                        // pages
    base::List<Region, &Region::memory_link> regions_;  // that map it
    Memory* source_ = nullptr;  // a clone of a paged Memory: where unwritten pages are
    std::uint64_t source_first_ = 0;
    base::List<Memory, &Memory::clone_link> clones_;
    Endpoint* pager_ = nullptr;
    std::uint64_t pager_badge_ = 0;
    bool lost_pager_ = false;
    bool physical_ = false;
    PhysAddr base_{};
    ThreadQueue waiters_;
    ThreadList<&ThreadLinks::page_link> page_users_;
    ThreadList<&ThreadLinks::futex_link> futex_waiters_;
};

}  // namespace kernel
