// SPDX-License-Identifier: MIT
// The ends of a process and of a thread.
#pragma once

#include <cstdint>

namespace linux {

// Ends the whole process at once. `status` as in interfaces/process.hpp: exit code << 8, or a
// signal's number.
[[noreturn]] void exit_process(std::uint32_t status, std::uint32_t cause = 0);

// Ends the calling thread; the last one ends the process with this exit code.
[[noreturn]] void exit_thread(std::uint32_t code);

// Ends the calling thread, which is not the first one, without telling the program.
[[noreturn]] void end_silently();

}  // namespace linux
