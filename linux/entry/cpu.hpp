// SPDX-License-Identifier: MIT
// Instructions without a name in C++.
#pragma once

#include <cstdint>

namespace linux {

struct CpuidResult {
    std::uint32_t eax, ebx, ecx, edx;
};
inline CpuidResult cpuid(std::uint32_t leaf, std::uint32_t subleaf = 0) {
    CpuidResult r{};
    asm volatile("cpuid"
                 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                 : "a"(leaf), "c"(subleaf));
    return r;
}

inline std::uint64_t read_tsc() {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return std::uint64_t{high} << 32 | low;
}

// The program's thread pointer.
inline std::uint64_t fs_base() {
    std::uint64_t value = 0;
    asm volatile("rdfsbase %0" : "=r"(value));
    return value;
}
inline void set_fs_base(std::uint64_t value) { asm volatile("wrfsbase %0" : : "r"(value)); }

}  // namespace linux
