// SPDX-License-Identifier: MIT
// Futex: waiting on, and waking by, a 32-bit word of a Memory object.
//
// The key is the Memory and the offset in it, so that processes which share a Memory share its futexes, whatever
// addresses they use; a copy-on-write clone has its own. Nothing is bought: a waiting thread is its own record, in one of
// a fixed number of buckets. The operations are those of the AddressSpace through which the word is named.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "kernel/object/thread_list.hpp"
#include "kernel/result.hpp"

namespace kernel {

class AddressSpace;
class Memory;
class Thread;

namespace futex {

// Blocks the thread if the word at `address` holds `expected`; else `changed`.
Result<> wait(Thread& thread, AddressSpace& space, std::uint64_t address, std::uint32_t expected,
              std::uint32_t bits);
// Wakes up to `count` threads whose bits meet `bits`. -> how many
Result<std::uint64_t> wake(AddressSpace& space, std::uint64_t address, std::uint64_t count,
                           std::uint32_t bits);

struct Requeued {
    std::uint64_t woken;
    std::uint64_t moved;
};
struct RequeueRequest {
    std::uint64_t from;
    std::uint64_t wake_count;
    std::uint64_t to;
    std::uint64_t move_count;
    std::optional<std::uint32_t> expected;  // of the first word; else it does not matter
};
// Wakes some threads that wait on one word and lets others wait on another.
Result<Requeued> requeue(AddressSpace& space, const RequeueRequest& request);

// For kernel/debug: all who wait; and would a wake look for this one here?
std::span<const ThreadQueue> queues();
bool belongs_in(const ThreadQueue& queue, const Thread& thread);

}  // namespace futex
}  // namespace kernel
