// SPDX-License-Identifier: MIT
// Pending: what one visit to the kernel does not get done.
//
// An object begins to die when its last reference goes, or when its bank is destroyed. It may hold any amount of things, so it is
// taken apart in chunks (Object::take_apart) with a preemption point after each. Whose work is that?
//
//   arrived   objects that began to die during this visit to the kernel. One chunk is worked off at once
//   owed      what is left then: by the thread that was in the kernel. It does not go back to user mode before all of it is
//             done, at its own priority and on its own budget; others run in between
//   orphans   of a visit that ended without a thread: it waits, or was destroyed by its own work. The next thread that is to run
//             takes them over; where there is none, the idle CPU works
//
// So whoever destroys something finds the memory back when the system call returns. Who is stopped or destroyed while it owes
// work leaves that to whoever did it.
//
// A call that has no bound of its own and is no object's end (revoke, unmap) does a chunk, too, and is then made again, by the
// kernel, with the thread's registers as they are. What finds out by itself where it has to go on needs no more; else it leaves a
// mark in Thread::call_progress. A stopped thread keeps such a call.
#pragma once

#include "kernel/object/object.hpp"

namespace kernel {

class Thread;

class Pending {
public:
    static void add(Object& object) {
        any_ = true;
        arrived_.push_back(object);
    }
    // The thread's call is to be made again, or is not.
    static void continue_call(Thread& thread);
    static void give_up_call(Thread& thread);
    // The thread cannot do the work that it owes.
    static void take_over(Thread& thread);

    // Is there anything? While there is not, leaving the kernel takes no notice of all this.
    [[nodiscard]] static bool any() { return any_; }

    // ---- for leaving the kernel; null: no thread
    // Works off a chunk of what has arrived.
    static void work();
    // What has arrived and is not done is owed by this thread from now on.
    static void assign(Thread* thread);
    // Must something be done before this thread gets the CPU? Orphans are its own from now on.
    [[nodiscard]] static bool is_left_for(Thread* thread);
    // A chunk of that, with make_call(Thread&) if it is a call.
    template <class MakeCall>
    static void work_for(Thread* thread, MakeCall&& make_call) {
        if (!take_work_of(thread)) {
            work();
        } else {
            make_call(*thread);
        }
    }
    // Somebody leaves who has done all.
    static void settle() { any_ = threads_ != 0; }

private:
    static void forget_call(Thread& thread);
    static void add_to(Thread& thread, DyingList& list);
    static bool take_work_of(Thread* thread);

    static constinit DyingList arrived_;
    static constinit DyingList orphans_;
    static constinit std::uint64_t threads_;  // that owe something or have a call to go on with
    static constinit bool any_;
};

}  // namespace kernel
