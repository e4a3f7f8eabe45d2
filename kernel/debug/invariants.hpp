// SPDX-License-Identifier: MIT
// Invariants: everything that must hold whenever the kernel is left, checked from scratch.
//
// The walk starts at the root bank, which every object hangs from, and needs no memory of its own: where two structures
// must agree (slots and derivation trees, regions and Memory objects, queues and threads), each element of one is looked up in
// the other, and both are counted. It is slow, and changes nothing but a spare word in the headers of slabs.
//
// Checked
//   banks        each bank's own charge is what it owns, page by page; sums over sub-banks; slabs' counts and free lists
//   frames       references in all = pages charged in all, and the kernel's own; free list; kernel pages have one owner
//   capabilities every slot is in its object's tree and the other way round; rights only shrink; guards' copies
//   references   each object's count = capabilities + uses that were found
//   memory       slots within the size, committed count, clones; page-table entries are what the regions and Memory objects
//                say; a frame that is shared is writable nowhere; tables are marked where they have entries
//   threads      state, wait and queue agree; nobody waits for a partner who is there; replies and callers, lenders and
//                borrowers; run queues, deadlines, who is throttled
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kernel::mm {
struct PageSlot;
}

namespace kernel {

class AddressSpace;
class Bank;
class CapTable;
class Endpoint;
class Memory;
class Notification;
class Object;
class Reply;
class SchedContext;
class Scheduler;
class Thread;
struct Capability;
struct Region;

class Invariants {
public:
    // What does not hold: a place in this folder's sources and a condition; nullptr if everything does.
    static const char* broken();

    // Before the root bank is made: frames that are taken already belong to no bank (stacks and schedulers of the other CPUs).
    // A debug build checks when the kernel is left, if the command line asks for it; a release build has none of this.
    static void ask(std::string_view command_line);
    static void check_if_asked() {
        if constexpr (CLUU_DEBUG != 0) {
            check_now_and_then();
        }
    }

private:
    friend class Listing;
    using Broken = const char*;
    static void check_now_and_then();
    static constinit std::uint64_t frames_of_kernel_;

    // Counted in one structure, to be compared with what another one says.
    struct Totals {
        std::uint64_t slots_in_use = 0;
        std::uint64_t capabilities = 0;
        std::uint64_t regions = 0;
        std::uint64_t regions_of_memories = 0;
        std::uint64_t own_pages = 0;
        std::uint64_t promised_pages = 0;  // of those: reserved, and not there yet
        std::uint64_t runnable = 0;        // ready threads with a context
        std::uint64_t futex_waiters = 0;
        std::uint64_t deadlines = 0;
        std::uint64_t throttled = 0;
    };

    static Object* first_object();
    static Object* next_object(Object& object);
    static bool lives(const Object* wanted);

    static Broken check_object(Object& object, Totals& totals);
    // Memory
    static Broken check_bank(Bank& bank, Totals& totals);
    static Broken check_slabs(Bank& bank, std::uint64_t& slabs);
    static Broken check_partial_slabs(Bank& bank);
    static Broken check_frames(std::uint64_t own_pages);
    static std::uint64_t pages_of(Object& object);
    template <class Visit>
    static void for_each_block(Object& object, Visit&& visit);
    // Calls visit(void*) for each node of a PageMap.
    template <class Visit>
    static void for_each_node(mm::PageSlot slot, unsigned level, Visit& visit);
    static Broken check_memory(Memory& memory, Totals& totals);
    static Broken check_lending(AddressSpace& space);
    static Broken check_space(AddressSpace& space, Totals& totals);
    static Broken check_entries(AddressSpace& space, const Region& region, std::uint64_t& entries);
    // Capabilities
    static Broken check_tree(Object& object, Totals& totals);
    static Broken check_guards(Object& object);
    static Broken check_table(CapTable& table, Totals& totals);
    static Broken check_references(Object& object);
    static std::uint64_t uses_of(Object& object);
    // Threads
    static Broken check_thread(Thread& thread, Totals& totals);
    static Broken check_wait(Thread& thread);
    static Broken check_lending(Thread& thread);
    static Broken check_endpoint(Endpoint& endpoint);
    static Broken check_notification(Notification& notification);
    static Broken check_reply(Reply& reply);
    static Broken check_context(SchedContext& context, Totals& totals);
    static Broken check_futexes(const Totals& totals);
    // Counted in the schedulers of all CPUs.
    struct Scheduled {
        std::uint64_t queued = 0;
        std::uint64_t running = 0;
        std::uint64_t deadlines = 0;
    };
    static Broken check_schedulers(const Totals& totals);
    static Broken check_scheduler(const Scheduler& cpu, const Totals& totals, Scheduled& seen);
};

}  // namespace kernel

// The same by a name that a debugger finds.
extern "C" const char* kernel_broken_invariant();
