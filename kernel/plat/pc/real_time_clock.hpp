// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace plat {

// Seconds since 1970-01-01 00:00 by the battery-backed clock, which is taken to run in UTC.
std::uint64_t read_real_time_clock();

}  // namespace plat
