// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace arch {

inline std::uint64_t clamp_index(std::uint64_t index, std::uint64_t count) {
    return index < count ? index : 0;
}
inline void print_protection() {}

}  // namespace arch
