// SPDX-License-Identifier: MIT
// The library's own heap, at process::linux_heap: what operator new gives.
//
// Blocks have a power-of-two size (16 bytes to 16 MiB) and a header of 16 bytes that remembers it. A
// freed block goes to the list of its size and is given out again from there; fresh ones are cut
// from the end of the heap, which grows by anonymous Memory objects, committed page by page as they
// are touched. Nothing is given back before the process ends: the library's needs are small and
// recur.
//
// Fork copies the heap with the address space; the lock is among those that fork takes.
#pragma once

#include <cstddef>

#include "linux/process/mutex.hpp"

namespace linux::heap {

[[nodiscard]] void* allocate(std::size_t bytes);
void release(void* block);

Mutex& lock();

}  // namespace linux::heap
