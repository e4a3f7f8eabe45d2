// SPDX-License-Identifier: MIT
// /proc/cpuinfo: what the processor says of itself (Intel SDM vol. 2A, CPUID).
#pragma once

#include <string>

namespace procmgr {

[[nodiscard]] std::string cpuinfo_text();

}  // namespace procmgr
