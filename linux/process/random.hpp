// SPDX-License-Identifier: MIT
// Random bytes for AT_RANDOM and getrandom: the CPU's generator. Without one, the time-stamp counter
// through a mixing function, which is no secret from anybody (docs/linux-abi.md says so).
#pragma once

#include <cstddef>
#include <span>

namespace linux {

void random_bytes(std::span<std::byte> to);

}  // namespace linux
