// SPDX-License-Identifier: MIT
// A sleeping lock for state that the threads of the process share. One word: 0 free, 1 held, 2 held
// and somebody may be asleep (futex of the kernel on the library's own memory).
//
// Order, outermost first: fork, fd, memory, signal, threads, heap. Nobody holds one while running
// the program or while waiting for something that only a signal may end.
//
// fork copies locks as they are. The forking thread therefore takes all of them first
// (process/fork.cpp), so that in the child each is held by the only thread there is.
#pragma once

#include <atomic>
#include <cstdint>

namespace linux {

class [[clang::capability("mutex")]] Mutex {
public:
    constexpr Mutex() = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock() __attribute__((acquire_capability())) {
        std::uint32_t expected = 0;
        if (!word_.compare_exchange_strong(expected, 1, std::memory_order_acquire)) [[unlikely]] {
            lock_slow();
        }
    }
    void unlock() __attribute__((release_capability())) {
        if (word_.exchange(0, std::memory_order_release) == 2) [[unlikely]] {
            wake();
        }
    }

private:
    void lock_slow();
    void wake();

    std::atomic<std::uint32_t> word_ = 0;
};

class [[clang::scoped_lockable]] MutexGuard {
public:
    explicit MutexGuard(Mutex& mutex) __attribute__((acquire_capability(mutex))) : mutex_(mutex) {
        mutex_.lock();
    }
    ~MutexGuard() __attribute__((release_capability())) { mutex_.unlock(); }
    MutexGuard(const MutexGuard&) = delete;
    MutexGuard& operator=(const MutexGuard&) = delete;

private:
    Mutex& mutex_;
};

}  // namespace linux
