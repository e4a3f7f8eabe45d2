// SPDX-License-Identifier: MIT
// Words for what an event holds as a number.
#pragma once

#include <string>

#include "abi/kernel/trace.hpp"

namespace trace_tool {

// "call", "Memory.clone", "Linux 257", "page fault", ...; a timer's interrupt is only known by its number.
std::string name_of(const abi::TraceEvent& event);

}  // namespace trace_tool
