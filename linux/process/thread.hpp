// SPDX-License-Identifier: MIT
// The threads of the process.
//
// Each has a place in the area process::linux_threads, 128 KiB apart:
//
//      +0x0000 message page, +0x1000 control page (dropped on fork; procmgr makes the child's anew)
//      +0x2000 not mapped
//      +0x3000 library stack, 64 KiB (the first place's is copied on fork, the others are dropped)
//
// The first place is the first thread's, made by procmgr, and as long as two: the heap begins there.
// A fork's child has that place only, whichever thread forked.
//
// States of a place: running -> ended (its thread has nothing more to do and waits to be removed)
// -> free (kernel thread removed; pages and stack are kept for the next thread, but of the last places
// only as many as `most_free_places`: a fork has work with each). A thread cannot remove itself, because it stands on its stack until the end, so that others do it: whoever makes
// the next thread, forks, or executes.
//
// procmgr knows the first thread only, and interrupts that one for signals. When the first thread
// ends while others go on, it therefore stays, as the one that receives signals for them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "abi/kernel/message.hpp"
#include "abi/linux/signal.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "linux/process/mutex.hpp"
#include "linux/signal/pending.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux {

// What of the FPU's state a new thread or process takes over from its maker: rounding, precision, and which
// exceptions are masked. (The registers themselves belong to whoever called the C library.)
struct FloatControl {
    std::uint32_t mxcsr;
    std::uint16_t control_word;

    static FloatControl current() {
        FloatControl control;
        asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(control.mxcsr), "=m"(control.control_word));
        return control;
    }
    void load() const { asm volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(control_word)); }
};

struct Thread : process::ThreadCard {
    enum class State : std::uint8_t { running, ended, free };

    std::uint64_t place = 0;  // address of the message page
    std::atomic<State> state = State::free;
    bool leader = false;  // the thread that procmgr knows

    ipc::CapIndex kernel_thread = 0;
    void enter(State to) {
        runs = to == State::running ? 1 : 0;
        state = to;  // the last: from then on it may be another thread's
    }

    ipc::CapIndex sched_context = 0;
    ipc::Capability<ipc::Memory> pages;  // none for the one that procmgr made
    abi::Registers start{};              // what it begins with
    FloatControl float_control{};        // likewise

    // Guarded by signals_lock(), but for the thread's own reading of its mask.
    std::atomic<linux_abi::SignalSet> mask = 0;
    PendingSignals pending;
    linux_abi::SignalStack signal_stack{.address = 0, .flags = 2, .padding = 0, .size = 0};
    linux_abi::SignalSet mask_to_restore = 0;  // after sigsuspend and ppoll
    bool restore_mask = false;
    std::atomic<linux_abi::SignalSet> waiting_for = 0;                 // in rt_sigtimedwait
    std::uint64_t fault_trap = 0, fault_error = 0, fault_address = 0;  // of its latest exception

    std::uint64_t clear_id_at = 0;  // CLONE_CHILD_CLEARTID
    std::uint64_t robust_list = 0, robust_list_length = 0;
    std::atomic<std::uint32_t> sleep_word = 0;  // never changes: what a sleeping thread waits on

    [[nodiscard]] abi::ControlPage& control() const {
        return *reinterpret_cast<abi::ControlPage*>(place + abi::page_size);
    }
    [[nodiscard]] ipc::Ref<ipc::Thread> kernel() const {
        return ipc::Ref<ipc::Thread>{kernel_thread};
    }
};

inline constexpr std::uint64_t thread_place_bytes = 0x20000;
inline constexpr std::uint32_t most_threads =
    (process::image_start - process::linux_threads) / thread_place_bytes;
inline constexpr std::size_t most_free_places = 16;
// The heap's beginning lies behind the first one's stack.
inline constexpr std::uint32_t second_place = 2;
static_assert(process::first_heap + process::first_heap_bytes <=
              process::linux_threads + second_place * thread_place_bytes);
inline constexpr std::uint64_t thread_stack_offset = process::first_stack - process::linux_threads;
constexpr std::uint64_t library_stack_top(std::uint64_t place) {
    return place + thread_stack_offset + process::first_stack_bytes;
}

class ThreadList {
public:
    struct Start {
        abi::Registers registers;  // with which the program's part begins
        std::uint64_t fs_base = 0;
        std::uint64_t clear_id_at = 0;
        std::uint64_t tell_id_at[2] = {};  // 0, or where its id is written before it runs
    };

    // The first thread of the process: the calling one.
    void adopt_leader();
    Result<Thread*> create(const Start& start);
    // Call with the lock held.
    [[nodiscard]] Thread* find(std::uint32_t id) __attribute__((requires_capability(lock_)));
    template <class Visit>
    void for_each(Visit&& visit) __attribute__((requires_capability(lock_))) {
        for (const std::unique_ptr<Thread>& thread : threads_) {
            visit(*thread);
        }
    }
    template <class Visit>
    void for_each_running(Visit&& visit) __attribute__((requires_capability(lock_))) {
        for (const std::unique_ptr<Thread>& thread : threads_) {
            if (thread->state == Thread::State::running) {
                visit(*thread);
            }
        }
    }
    [[nodiscard]] bool has_one() const { return live_.load(std::memory_order_relaxed) == 1; }
    // The calling thread ends; -> is it the last one?
    [[nodiscard]] bool leave() { return change_live(-1) == 0; }
    // Removes the kernel threads of those that have ended, and places that are free and too many.
    void bury() __attribute__((requires_capability(lock_)));
    // Ends all but the calling thread. All locks of the library are held, so that none dies holding
    // one.
    void end_others() __attribute__((requires_capability(lock_)));
    // The calling thread is the child's first; the others do not exist there.
    void on_fork_child() __attribute__((requires_capability(lock_)));
    Mutex& lock() __attribute__((lock_returned(lock_))) { return lock_; }

private:
    // -> how many there are.
    std::uint32_t change_live(std::int32_t by);
    // For who looks from outside: where the list stands.
    void show() __attribute__((requires_capability(lock_)));
    Thread* free_place() __attribute__((requires_capability(lock_)));
    Result<Thread*> new_place() __attribute__((requires_capability(lock_)));
    Result<void> give_kernel_thread(Thread& thread) __attribute__((requires_capability(lock_)));
    Result<void> give_context(Thread& thread) __attribute__((requires_capability(lock_)));

    Mutex lock_;
    std::vector<std::unique_ptr<Thread>> threads_ __attribute__((guarded_by(lock_)));
    std::uint32_t next_place_ __attribute__((guarded_by(lock_))) = second_place;
    std::atomic<std::uint32_t> live_ = 0;
};

ThreadList& threads();

// Linux's thread ids: the first thread has the process's id, which is at most 99,999. Others are made
// of it, so that no two of the whole system are equal. They fit into a futex (FUTEX_TID_MASK, futex(2)).
inline constexpr std::uint32_t thread_id_shift = 17;
constexpr std::uint32_t thread_id(std::uint32_t pid, std::uint32_t place) {
    return place == 0 ? pid : pid | place << thread_id_shift;
}
static_assert(most_threads << thread_id_shift < 1 << 30);

}  // namespace linux
