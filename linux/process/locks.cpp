// SPDX-License-Identifier: MIT
#include "linux/process/locks.hpp"

#include "linux/memory/program_space.hpp"
#include "linux/process/heap.hpp"
#include "linux/process/hooks.hpp"
#include "linux/process/state.hpp"
#include "linux/process/thread.hpp"
#include "linux/signal/state.hpp"

namespace linux {

void lock_everything() __attribute__((no_thread_safety_analysis)) {
    fd::lock_for_fork();
    program_space().lock().lock();
    state().limits_lock.lock();
    signals::lock().lock();
    threads().lock().lock();
    heap::lock().lock();
}

void unlock_everything() __attribute__((no_thread_safety_analysis)) {
    heap::lock().unlock();
    threads().lock().unlock();
    signals::lock().unlock();
    state().limits_lock.unlock();
    program_space().lock().unlock();
    fd::unlock_after_fork();
}

}  // namespace linux
