// SPDX-License-Identifier: MIT
// Random bytes from the processor (RDRAND), for /dev/random, /dev/urandom and getrandom.
#pragma once

#include <cstddef>
#include <span>

namespace linux {

// False: the processor has no generator, or it failed ten times in a row (Intel SDM vol. 1,
// 7.3.17.1).
[[nodiscard]] bool fill_random(std::span<std::byte> to);

}  // namespace linux
