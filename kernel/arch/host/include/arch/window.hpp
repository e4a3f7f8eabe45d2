// SPDX-License-Identifier: MIT
// The simulated machine's memory: one block of the host's, wherever that lies.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/types.hpp"

namespace arch {

inline constexpr std::uint64_t user_end = 0x0000'7fff'ffff'f000;

extern std::byte* simulated_memory;

inline void* window(PhysAddr address) { return simulated_memory + address.value(); }
inline PhysAddr physical(const void* pointer) {
    return PhysAddr{
        static_cast<std::uint64_t>(static_cast<const std::byte*>(pointer) - simulated_memory)};
}

}  // namespace arch
