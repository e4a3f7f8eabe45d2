// SPDX-License-Identifier: MIT
#include "linux/process/mutex.hpp"

#include "libs/ipc/kernel_objects.hpp"

namespace linux {

void Mutex::lock_slow() {
    while (word_.exchange(2, std::memory_order_acquire) != 0) {
        (void)ipc::own_space()->futex_wait(reinterpret_cast<std::uint64_t>(&word_), 2);
    }
}

void Mutex::wake() {
    (void)ipc::own_space()->futex_wake(reinterpret_cast<std::uint64_t>(&word_), 1);
}

}  // namespace linux
