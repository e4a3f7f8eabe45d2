// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace linux {

// Job control: stops all threads of the process for this signal; returns when it is continued.
void stop_process(std::uint32_t signal);

}  // namespace linux
