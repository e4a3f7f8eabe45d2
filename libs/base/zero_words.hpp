// SPDX-License-Identifier: MIT
// Tables of words most of which are 0: four at a time are passed over.
#pragma once

#include <cstddef>
#include <cstdint>

namespace base {

// After word `at`, which is 0: how many more are, as far as a look at the four shows that it is the first of. T is one word; a row
// has a multiple of four.
template <class T>
[[nodiscard]] inline std::size_t more_zeros(const T* row, std::size_t at) {
    static_assert(sizeof(T) == sizeof(std::uint64_t));
    const auto* four = reinterpret_cast<const std::uint64_t*>(row + at);
    return at % 4 == 0 && (four[1] | four[2] | four[3]) == 0 ? 3 : 0;
}

}  // namespace base
