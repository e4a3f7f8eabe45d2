// SPDX-License-Identifier: MIT
#include "kernel/object/futex.hpp"

#include <array>

#include "kernel/object/address_space.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/thread.hpp"

namespace kernel::futex {

namespace {

constexpr std::size_t bucket_count = 256;

constinit std::array<ThreadQueue, bucket_count> buckets;

struct Key {
    Memory* memory;
    std::uint64_t offset;
};

Result<Key> key_of(AddressSpace& space, std::uint64_t address) {
    const Region* region = space.region_at(address);
    TRY(refuse_if(region == nullptr, Error::bad_address));
    return Key{.memory = region->memory,
               .offset = region->page_at(address) * 4096 + address % 4096};
}

ThreadQueue& bucket_of(const Key& key) {
    const std::uint64_t mixed = (reinterpret_cast<std::uint64_t>(key.memory) >> 6) * 31 +
                                (key.offset >> 2) * 0x9e3779b97f4a7c15;
    return buckets[mixed >> 32 & (bucket_count - 1)];
}

// Calls visit(Thread&) for those who wait on the word, in order, until it has said yes `most` times; it may take them out of the
// bucket. -> how often it has
template <class Visit>
std::uint64_t for_waiters(const Key& key, std::uint64_t most, Visit&& visit) {
    const ThreadQueue& bucket = bucket_of(key);
    std::uint64_t done = 0;
    for (Thread* thread = bucket.front(); thread != nullptr && done < most;) {
        Thread* next = bucket.next(*thread);
        if (thread->waiting.memory == key.memory && thread->waiting.address == key.offset) {
            done += visit(*thread) ? 1 : 0;
        }
        thread = next;
    }
    return done;
}

void wait_on(const Key& key, Thread& thread) {
    thread.waiting.memory = key.memory;
    thread.waiting.address = key.offset;
    bucket_of(key).push_back(thread);
    key.memory->add_futex_waiter(thread);
}

Result<> check_word(const Key& key, std::uint32_t expected) {
    const auto page = key.memory->kernel_page(key.offset / 4096, false);
    TRY(refuse_if(!page, Error::bad_address));
    const auto* word = static_cast<std::byte*>(*page) + key.offset % 4096;
    return refuse_if(*reinterpret_cast<const volatile std::uint32_t*>(word) != expected,
                     Error::changed);
}

std::uint64_t wake_key(const Key& key, std::uint64_t count, std::uint32_t bits) {
    return for_waiters(key, count, [bits](Thread& thread) {
        const bool meant = (thread.waiting.bits & bits) != 0;
        if (meant) {
            thread.wake_with(Error::ok);
        }
        return meant;
    });
}

}  // namespace

Result<> wait(Thread& thread, AddressSpace& space, std::uint64_t address, std::uint32_t expected,
              std::uint32_t bits) {
    const Key key = TRY(key_of(space, address));
    TRY(check_word(key, expected));
    thread.waiting.bits = bits;
    wait_on(key, thread);
    thread.block(Wait::futex, thread.tag());
    return {};
}

Result<std::uint64_t> wake(AddressSpace& space, std::uint64_t address, std::uint64_t count,
                           std::uint32_t bits) {
    return wake_key(TRY(key_of(space, address)), count, bits);
}

Result<Requeued> requeue(AddressSpace& space, const RequeueRequest& request) {
    const Key from = TRY(key_of(space, request.from));
    const Key to = TRY(key_of(space, request.to));
    if (request.expected) {
        TRY(check_word(from, *request.expected));
    }
    Requeued result{.woken = wake_key(from, request.wake_count, ~std::uint32_t{0}), .moved = 0};
    if (from.memory != to.memory || from.offset != to.offset) {
        result.moved = for_waiters(from, request.move_count, [&to](Thread& thread) {
            ThreadQueue::remove(thread);
            thread.futex_link.unlink();
            wait_on(to, thread);
            return true;
        });
    }
    return result;
}

std::span<const ThreadQueue> queues() { return buckets; }

bool belongs_in(const ThreadQueue& queue, const Thread& thread) {
    return &bucket_of({thread.waiting.memory, thread.waiting.address}) == &queue;
}

}  // namespace kernel::futex
