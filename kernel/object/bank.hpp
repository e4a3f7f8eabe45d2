// SPDX-License-Identifier: MIT
// Bank: a space bank, which all memory is bought from and charged to.
//
// Banks form a tree. A page is charged to its bank and to every bank above, and each has a limit; the first that is reached
// refuses. So a sub-bank may have any limit, and what is really there is decided above. The root bank's limit is the machine.
//
// Kernel objects live in pages of their own bank, cut into blocks of one size class each (a slab). A slab page starts with a
// SlabHeader; it is bought with its first block and given back with its last, so that an empty bank has charged nothing.
//
// A frame shared copy-on-write by two Memory objects is charged to both: then the copy that a write makes is already paid,
// and a write never fails for want of charge.
//
// Destroying a bank destroys its sub-banks and all objects in it, then the bank: those below it first, and of each bank the
// threads before what they work with. From the beginning on nothing can be bought from it any more.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "kernel/object/notification.hpp"
#include "kernel/object/object.hpp"
#include "kernel/result.hpp"
#include "kernel/types.hpp"

namespace kernel {

class Bank final : public Object {
public:
    static constexpr auto kind = ObjectType::bank;

    // Every charge goes all the way up.
    static constexpr std::uint8_t max_depth = 64;

    Bank(Bank& holder, Bank* parent, std::uint64_t limit_pages)
        : Object(kind, holder),
          parent_(parent),
          limit_(limit_pages),
          watched_limit_(limit_pages),
          depth_(parent != nullptr ? parent->depth_ + 1 : 0) {}

    // too_deep: `parent` is within max_depth others.
    static Result<Bank*> create(Bank& parent, std::uint64_t limit_bytes);

    // All that buys: no_memory.
    // Charges pages here and above, or changes nothing.
    Result<> charge(std::uint64_t pages);
    void refund(std::uint64_t pages);

    // Charged frames in a row (zeroed); one, and its return.
    Result<PhysAddr> buy_frames(std::uint64_t count);
    Result<PhysAddr> buy_frame();
    void return_frame(PhysAddr frame);

    // Memory for `size` bytes (at most one page). Zeroed? No.
    Result<void*> buy_block(std::size_t size);
    void return_block(void* block, std::size_t size);

    // Buys an object, constructs it in this bank.
    template <class T, class... Arguments>
    Result<T*> make(Arguments&&... arguments) {
        T* object = new (TRY(buy_block(sizeof(T)))) T(std::forward<Arguments>(arguments)...);
        // Who could still do something, or be given something to do, ends first.
        if constexpr (T::ends_first) {
            objects_.push_front(*object);
        } else {
            objects_.push_back(*object);
        }
        return object;
    }

    void set_limit(std::uint64_t bytes) {
        limit_ = bytes / page_bytes;
        tell_watcher();
    }
    // Signals these bits once, when less than so many bytes are left to the limit, or the limit changes. In place of what was
    // asked for before.
    void watch(Notification& target, std::uint64_t bits, std::uint64_t left_bytes);
    // By any CPU that shares the kernel. Of two messages at the same moment one may stay uncounted: a locked instruction would
    // make all of them slower.
    void count_message() {
        messages.store(messages.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    }
    std::atomic<std::uint64_t> cpu_ns = 0;    // used by contexts bought here
    std::atomic<std::uint64_t> messages = 0;  // calls and sends of threads bought here
    [[nodiscard]] std::uint64_t limit_bytes() const { return limit_ * page_bytes; }
    [[nodiscard]] std::uint64_t charged_bytes() const { return charged_ * page_bytes; }
    [[nodiscard]] std::uint64_t own_bytes() const { return own_ * page_bytes; }
    [[nodiscard]] bool is_root() const { return parent_ == nullptr; }

    // It shall die: nothing can be bought from it any more.
    void close() {
        begin_dying();
        limit_ = watched_limit_ = 0;
    }
    // Destroys everything in it and below it.
    [[nodiscard]] bool sever(Work& work);
    static constexpr bool ends_first = true;

    using ObjectList = base::List<Object, &Object::bank_link>;
    [[nodiscard]] ObjectList& objects() { return objects_; }

    static constexpr std::uint64_t page_bytes = 4096;

private:
    friend class Invariants;
    static constexpr std::size_t smallest_block = 64;
    struct FreeBlock {
        FreeBlock* next;
    };
    struct SlabHeader {
        Bank* bank;
        base::ListLink partial_link;
        FreeBlock* free;
        std::uint16_t used;
        std::uint16_t fresh;  // blocks from here on were never handed out
        std::uint16_t capacity;
        std::uint16_t size_class;
        std::uint64_t counted;  // spare, for Invariants
        std::uint64_t unused[2];

        [[nodiscard]] bool full() const { return used == capacity; }
    };
    static constexpr std::size_t size_classes = 7;  // 64 bytes to a page
    static std::size_t class_of(std::size_t size);
    void tell_watcher();
    [[gnu::noinline]] Result<> charge_beyond(std::uint64_t pages, Bank& full);

    Bank* parent_;
    std::uint64_t limit_;
    std::uint64_t watched_limit_;  // limit_, or where the watcher is told; never more
    Subscription watcher_;
    std::uint64_t charged_ = 0;  // pages, here and below
    std::uint64_t own_ = 0;      // pages, here
    std::uint8_t depth_;         // how many there are above
    ObjectList objects_;
    base::List<SlabHeader, &SlabHeader::partial_link> partial_[size_classes];  // with free blocks
};

}  // namespace kernel
