// SPDX-License-Identifier: MIT
// Quantities with a meaning have types of their own.
#pragma once

#include <cstdint>

#include "libs/base/integer.hpp"

using PhysAddr = base::Integer<struct PhysAddrTag, std::uint64_t>;
using UserAddr = base::Integer<struct UserAddrTag, std::uint64_t>;
using Nanoseconds = std::uint64_t;  // of the monotonic clock, or a duration
