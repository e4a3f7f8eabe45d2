// SPDX-License-Identifier: MIT
#include <arch/fpu.hpp>
#include <arch/page_tables.hpp>
#include <arch/window.hpp>

#include "kernel/debug/hold.hpp"
#include "kernel/debug/invariants.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/endpoint.hpp"
#include "kernel/object/interrupt.hpp"
#include "kernel/object/io_ports.hpp"
#include "kernel/object/log.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/notification.hpp"
#include "kernel/object/reply.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"
#include "libs/base/align.hpp"

namespace kernel {

namespace {

constexpr std::uint64_t page = Bank::page_bytes;

std::size_t size_of(ObjectType type) {
    switch (type) {
        case ObjectType::bank:              return sizeof(Bank);
        case ObjectType::cap_table:         return sizeof(CapTable);
        case ObjectType::address_space:     return sizeof(AddressSpace);
        case ObjectType::memory:            return sizeof(Memory);
        case ObjectType::thread:            return sizeof(Thread);
        case ObjectType::sched_context:     return sizeof(SchedContext);
        case ObjectType::endpoint:          return sizeof(Endpoint);
        case ObjectType::reply:             return sizeof(Reply);
        case ObjectType::notification:      return sizeof(Notification);
        case ObjectType::interrupt:         return sizeof(Interrupt);
        case ObjectType::interrupt_control: return sizeof(InterruptControl);
        case ObjectType::io_ports:          return sizeof(IoPorts);
        case ObjectType::log:               return sizeof(Log);
        case ObjectType::none:
        case ObjectType::count_end:         break;
    }
    return 0;
}

// An object's first byte: not where its Object part is, if it has several bases.
void* start_of(Object& object) {
    return object.type() == ObjectType::thread ? static_cast<void*>(static_cast<Thread*>(&object))
                                               : static_cast<void*>(&object);
}

// The tables below one from entry `first` on, all the way down; false: an entry stands where no mark is, so that a walk would
// miss it.
bool count_tables(PhysAddr frame, int level, std::uint64_t& tables, std::uint64_t& leaves,
                  std::size_t first = 0) {
    constexpr std::size_t entries_per_mark = 16;
    const auto& entries = *static_cast<arch::PageTables::Table*>(arch::window(frame));
    const std::uint32_t marks = mm::frames.marks(frame);
    const std::size_t count = level == 3 ? entries.size() / 2 : entries.size();
    for (std::size_t i = first; i < count; ++i) {
        if (!entries[i].present()) {
            continue;
        }
        if ((marks >> (i / entries_per_mark) & 1) == 0) {
            return false;
        }
        if (level == 0) {
            ++leaves;
        } else if (entries[i].is_large()) {
            leaves += level == 1 ? mm::FramePool::run_frames : 0;
        } else {
            ++tables;
            if (mm::frames.references(entries[i].frame()) != 1 ||
                !count_tables(entries[i].frame(), level - 1, tables, leaves)) {
                return false;
            }
        }
    }
    return true;
}

}  // namespace

// ---- banks ------------------------------------------------------------------------------------------------

template <class Visit>
void Invariants::for_each_node(mm::PageSlot slot, unsigned level, Visit& visit) {
    if (level == 0 || !slot.present()) {
        return;
    }
    mm::PageSlot* node = mm::PageMap::node(slot);
    for (std::uint64_t i = 0; i < mm::PageMap::fan_out; ++i) {
        for_each_node(node[i], level - 1, visit);
    }
    visit(static_cast<void*>(node));
}

// All blocks of a bank that belong to one of its objects.
template <class Visit>
void Invariants::for_each_block(Object& object, Visit&& visit) {
    visit(start_of(object), size_of(object.type()));
    switch (object.type()) {
        case ObjectType::thread: {
            auto& thread = static_cast<Thread&>(object);
            if (thread.fpu != nullptr) {
                visit(thread.fpu, arch::fpu_area_size());
            }
            break;
        }
        case ObjectType::address_space: {
            auto& space = static_cast<AddressSpace&>(object);
            for (Region* region = space.regions_.first(); region != nullptr;
                 region = space.regions_.at_or_after(region->end)) {
                visit(region, sizeof(Region));
            }
            break;
        }
        case ObjectType::memory: {
            const mm::PageMap& map = static_cast<Memory&>(object).map_;
            const auto visit_node = [&](void* node) { visit(node, mm::PageMap::node_bytes); };
            for_each_node(map.root_, map.height_, visit_node);
            break;
        }
        case ObjectType::notification:
            static_cast<Notification&>(object).outgoing_.for_each(
                [&](Subscription& subscription) { visit(&subscription, sizeof(Subscription)); });
            break;
        case ObjectType::endpoint:
            static_cast<Endpoint&>(object).drops_.for_each(
                [&](DropGuard& guard) { visit(&guard, sizeof(DropGuard)); });
            break;
        default: break;
    }
    const DropGuard* previous = nullptr;
    object.capabilities_.for_each([&](Capability& capability) {
        if (DropGuard* guard = capability.guard; guard != nullptr && guard != previous) {
            visit(guard, sizeof(DropGuard));
        }
        previous = capability.guard;
    });
}

// Whole pages that belong to an object, besides its blocks.
std::uint64_t Invariants::pages_of(Object& object) {
    if (object.type() == ObjectType::memory) {
        return std::max(static_cast<Memory&>(object).committed_,
                        static_cast<Memory&>(object).reserved_);
    }
    if (object.type() == ObjectType::address_space) {
        std::uint64_t tables = 1;
        std::uint64_t leaves = 0;
        const auto& space = static_cast<AddressSpace&>(object);
        (void)count_tables(space.root(), 3, tables, leaves,
                           space.lent_below_ / AddressSpace::lending_unit);
        return tables;
    }
    if (object.type() != ObjectType::cap_table) {
        return 0;
    }
    const auto& table = static_cast<CapTable&>(object);
    std::uint64_t pages = table.directory_ != table.inline_directory_.data() ? 1 : 0;
    for (std::uint32_t i = 0; i * CapTable::slots_per_page < table.slots_; ++i) {
        pages += table.directory_[i] != nullptr ? 1 : 0;
    }
    return pages;
}

// Every block is looked at three times: to clear its slab's spare word, to count there, and to compare with the slab.
Invariants::Broken Invariants::check_slabs(Bank& bank, std::uint64_t& slabs) {
    enum class Round : std::uint8_t { clear, count, compare };
    for (const Round round : {Round::clear, Round::count, Round::compare}) {
        Broken broken = nullptr;
        const auto look_at = [&](void* block, std::size_t size) -> Broken {
            const std::size_t size_class = Bank::class_of(size);
            if (Bank::smallest_block << size_class == page) {
                HOLD(mm::frames.references(arch::physical(block)) == 1);
                slabs += round == Round::count ? 1 : 0;
                return nullptr;
            }
            auto& slab = *reinterpret_cast<Bank::SlabHeader*>(
                base::align_down(reinterpret_cast<std::uint64_t>(block), page));
            HOLD(slab.bank == &bank && slab.size_class == size_class);
            HOLD(mm::frames.references(arch::physical(&slab)) == 1);
            if (round == Round::clear) {
                slab.counted = 0;
            } else if (round == Round::count) {
                slabs += slab.counted++ == 0 ? 1 : 0;
            } else {
                HOLD(slab.counted == slab.used && slab.used <= slab.capacity);
            }
            return nullptr;
        };
        bank.objects_.for_each([&](Object& object) {
            for_each_block(object, [&](void* block, std::size_t size) {
                broken = broken == nullptr ? look_at(block, size) : broken;
            });
        });
        HOLD_ALL(broken);
    }
    return nullptr;
}

Invariants::Broken Invariants::check_partial_slabs(Bank& bank) {
    for (std::size_t size_class = 0; size_class < Bank::size_classes; ++size_class) {
        const auto& slabs = bank.partial_[size_class];
        for (const Bank::SlabHeader* slab = slabs.front(); slab != nullptr;
             slab = slabs.next(*slab)) {
            HOLD(slab->partial_link.next->previous == &slab->partial_link && slab->bank == &bank);
            HOLD(slab->used != 0 && slab->used < slab->capacity && slab->fresh <= slab->capacity);
            std::uint16_t free = 0;
            for (const Bank::FreeBlock* block = slab->free; block != nullptr; block = block->next) {
                ++free;
                HOLD(free <= slab->capacity);
            }
            HOLD(free == slab->fresh - slab->used);
        }
    }
    return nullptr;
}

Invariants::Broken Invariants::check_bank(Bank& bank, Totals& totals) {
    std::uint64_t pages = 0;
    std::uint64_t below = 0;
    HOLD_ALL(check_slabs(bank, pages));
    HOLD_ALL(check_partial_slabs(bank));
    for (Object* object = bank.objects_.front(); object != nullptr;
         object = bank.objects_.next(*object)) {
        HOLD(&object->bank() == &bank);
        pages += pages_of(*object);
        if (object->type() == ObjectType::bank) {
            const auto& child = static_cast<Bank&>(*object);
            HOLD(child.parent_ == &bank);
            below += child.charged_;
        }
    }
    HOLD(bank.own_ == pages);
    HOLD(bank.charged_ == bank.own_ + below);
    HOLD(bank.watched_limit_ <= bank.limit_);
    totals.own_pages += bank.own_;
    return nullptr;
}

Invariants::Broken Invariants::check_frames(std::uint64_t own_pages) {
    std::uint64_t free = 0;
    std::uint64_t references = 0;
    for (const mm::Frame& frame : mm::frames.records()) {
        free += frame.is_free() ? 1 : 0;
        references += frame.references();
    }
    HOLD(free == mm::frames.free_frames());
    HOLD(references == own_pages + frames_of_kernel_);
    return nullptr;
}

// ---- Memory objects and address spaces --------------------------------------------------------------------

Invariants::Broken Invariants::check_memory(Memory& memory, Totals& totals) {
    std::uint64_t slots = 0;
    Broken broken = nullptr;
    memory.map_.for_each(0, Memory::max_pages, [&](std::uint64_t index, mm::PageSlot& slot) {
        ++slots;
        const auto check = [&]() -> Broken {
            HOLD(index < memory.pages_ || index >= memory.leftover_);
            HOLD(mm::frames.references(slot.frame()) != 0);
            // A device, or a thread's page that the kernel uses, must not be somebody else's as well.
            HOLD(!slot.is_pinned() || mm::frames.references(slot.frame()) == 1);
            return nullptr;
        };
        broken = broken == nullptr ? check() : broken;
    });
    HOLD_ALL(broken);
    HOLD(slots == memory.committed_);
    totals.promised_pages += std::max(memory.committed_, memory.reserved_) - memory.committed_;
    HOLD(!memory.physical_ || slots == 0);
    HOLD(memory.clone_in_progress == nullptr);
    for (const Region* region = memory.regions_.front(); region != nullptr;
         region = memory.regions_.next(*region)) {
        ++totals.regions_of_memories;
        HOLD(region->memory == &memory);
        HOLD(region->space->region_at(region->start) == region);
    }
    for (const Memory* clone = memory.clones_.front(); clone != nullptr;
         clone = memory.clones_.next(*clone)) {
        HOLD(clone->source_ == &memory);
    }
    HOLD((memory.source_ != nullptr) == memory.clone_link.linked());
    HOLD(memory.source_ == nullptr || memory.source_->source_ == nullptr);
    HOLD(memory.pager_ == nullptr || !memory.lost_pager_);
    for (const Thread* user = memory.page_users_.front(); user != nullptr;
         user = memory.page_users_.next(*user)) {
        HOLD(user->pages_ == &memory);
        for (const std::uint64_t index : {user->pages_first_, user->pages_first_ + 1}) {
            const void* used = index == user->pages_first_
                                   ? static_cast<const void*>(user->message_page_)
                                   : static_cast<const void*>(user->control);
            if (used == nullptr && user->is_dying()) {
                continue;  // one that could not have all that it needs
            }
            const mm::PageSlot* slot = memory.map_.find(index);
            HOLD(slot != nullptr && slot->present() && (slot->raw & mm::PageSlot::pinned) != 0);
            HOLD(arch::window(slot->frame()) == used);
        }
    }
    for (const Thread* waiter = memory.waiters_.front(); waiter != nullptr;
         waiter = memory.waiters_.next(*waiter)) {
        HOLD(waiter->wait() == Wait::pager && waiter->waiting.memory == &memory);
        HOLD(waiter->waiting.address < memory.pages_);
    }
    return nullptr;
}

// Each entry is what the region's Memory says of its page.
Invariants::Broken Invariants::check_entries(AddressSpace& space, const Region& region,
                                             std::uint64_t& entries) {
    Memory& memory = *region.memory;
    const auto check = [&](std::uint64_t address, const arch::Entry entry) -> Broken {
        const std::uint64_t index = region.page_at(address);
        HOLD(index < memory.pages_ || index >= memory.leftover_);
        HOLD(!entry.writable() || (region.flags & abi::MapFlags::write) != 0);
        HOLD(!entry.executable() || (region.flags & abi::MapFlags::execute) != 0);
        if (memory.physical_) {
            HOLD(entry.frame() == memory.base_ + index * page);
            return nullptr;
        }
        const mm::PageSlot* slot = memory.map_.find(index);
        if (slot == nullptr || !slot->present()) {
            HOLD(memory.source_ != nullptr && !entry.writable());
            slot = memory.source_->map_.find(memory.source_first_ + index);
            HOLD(slot != nullptr && slot->present());
        }
        HOLD(entry.frame() == slot->frame());
        HOLD(!entry.writable() || mm::frames.references(entry.frame()) == 1);
        return nullptr;
    };
    Broken broken = nullptr;
    space.tables_.for_each_present(
        UserAddr{region.start}, UserAddr{region.end},
        [&](UserAddr address, const arch::Entry& entry) {
            const std::size_t parts = entry.is_large() ? mm::FramePool::run_frames : 1;
            entries += parts;
            for (std::size_t i = 0; i < parts && broken == nullptr; ++i) {
                broken = check(address.value() + i * page, entry.part(i));
            }
            const std::uint64_t bytes = parts * page;
            if (!base::is_aligned(address.value(), bytes) || address.value() < region.start ||
                region.end - address.value() < bytes) {
                broken = "a large entry reaches out of its region";
            }
        });
    return broken;
}

// What a borrower sees through its lender's tables, and that it has nothing else there.
Invariants::Broken Invariants::check_lending(AddressSpace& space) {
    HOLD((space.lender_ != nullptr) == (space.lent_below_ != 0));
    HOLD((space.lender_ != nullptr) == space.borrower_link_.linked());
    for (const AddressSpace* borrower = space.borrowers_.front(); borrower != nullptr;
         borrower = space.borrowers_.next(*borrower)) {
        HOLD(borrower->lender_ == &space);
    }
    if (space.lender_ == nullptr) {
        return nullptr;
    }
    HOLD(space.lender_->lender_ == nullptr);
    const Region* first = space.regions_.first();
    HOLD(first == nullptr || first->start >= space.lent_below_);
    const auto root_of = [](const AddressSpace& of) -> const arch::PageTables::Table& {
        return *static_cast<const arch::PageTables::Table*>(arch::window(of.root()));
    };
    for (std::size_t i = 0; i < space.lent_below_ / AddressSpace::lending_unit; ++i) {
        const arch::Entry entry = root_of(space)[i];
        HOLD(!entry.present() || entry.frame() == root_of(*space.lender_)[i].frame());
    }
    return nullptr;
}

Invariants::Broken Invariants::check_space(AddressSpace& space, Totals& totals) {
    HOLD_ALL(check_lending(space));
    std::uint64_t entries = 0;
    std::uint64_t end = 0;
    for (const Region* region = space.regions_.first(); region != nullptr;
         region = space.regions_.at_or_after(region->end)) {
        ++totals.regions;
        HOLD(region->space == &space && region->node.linked);
        HOLD(region->start >= end && region->start < region->end);
        HOLD(base::is_aligned(region->start | region->end, page));
        HOLD(region->end <= arch::user_end);
        HOLD((region->flags & abi::MapFlags::write) == 0 ||
             (region->flags & abi::MapFlags::execute) == 0);
        HOLD((region->flags & ~std::uint64_t{region->allowed} & 7) == 0);
        HOLD_ALL(check_entries(space, *region, entries));
        end = region->end;
    }
    std::uint64_t tables = 0;
    std::uint64_t leaves = 0;
    const bool tables_are_marked = count_tables(space.root(), 3, tables, leaves,
                                                space.lent_below_ / AddressSpace::lending_unit);
    HOLD(tables_are_marked);
    HOLD(leaves == entries);
    for (const Thread* thread = space.threads_.front(); thread != nullptr;
         thread = space.threads_.next(*thread)) {
        HOLD(thread->space_ == &space);
    }
    return nullptr;
}

}  // namespace kernel
