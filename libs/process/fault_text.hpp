// SPDX-License-Identifier: MIT
// A supervisor's view of a fault message: did the program end, or what happened to it, in words.
#pragma once

#include <optional>

#include "libs/ipc/server.hpp"
#include "libs/rt/log.hpp"

namespace loader {

// The status of a native program that ended by rt::exit.
std::optional<std::uint8_t> exit_status(const ipc::Fault& fault);

// "page fault writing 0x10, at rip 0x401234, rsp 0x7ffe..." and the like.
void describe(const ipc::Fault& fault, rt::Line& line);

}  // namespace loader
