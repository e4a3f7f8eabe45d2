// SPDX-License-Identifier: MIT
// Overwriting what nobody shall find: passwords, and what may be one.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>

namespace base {

// What was written until now is in memory, also if nothing reads it any more.
inline void keep_writes() { asm volatile("" : : : "memory"); }

inline void wipe(void* start, std::size_t bytes) {
    if (bytes == 0) {
        return;
    }
    std::memset(start, 0, bytes);
    keep_writes();
}

inline void wipe(std::string& text) {
    wipe(text.data(), text.size());
    text.clear();
}

}  // namespace base
