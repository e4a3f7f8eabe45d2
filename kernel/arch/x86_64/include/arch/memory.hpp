// SPDX-License-Identifier: MIT
// Whole pages, cleared and copied.
#pragma once

#include <cstdint>

namespace arch {

inline void zero_page(void* page) {
    std::uint64_t count = 512;
    asm volatile("rep stosq" : "+D"(page), "+c"(count) : "a"(0) : "memory");
}
inline void copy_page(void* to, const void* from) {
    std::uint64_t count = 512;
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

}  // namespace arch
