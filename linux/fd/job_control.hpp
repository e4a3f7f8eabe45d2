// SPDX-License-Identifier: MIT
// What happens to a process that is not in the foreground of the terminal that it uses.
#pragma once

#include <cstdint>

namespace linux::fd {

namespace job_control {
inline constexpr std::uint32_t read_signal = 21;   // SIGTTIN
inline constexpr std::uint32_t write_signal = 22;  // SIGTTOU
}  // namespace job_control

// The terminal refused. Signals the own process group, and lets the call be made again when the
// process is continued; EIO if the signal is blocked or ignored. -> what the call returns.
std::int64_t stop_background(std::uint32_t signal);

}  // namespace linux::fd
