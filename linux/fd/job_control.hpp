// SPDX-License-Identifier: MIT
// What happens to a process that is not in the foreground of its terminal (POSIX, General Terminal Interface, 11.1.4).
#pragma once

#include <cstdint>

namespace linux::fd::job_control {

inline constexpr std::uint32_t read_signal = 21;   // SIGTTIN
inline constexpr std::uint32_t write_signal = 22;  // SIGTTOU

// For the terminal to judge: the caller's process group. 0 lets it pass: who has no controlling terminal
// is in nobody's background.
std::uint32_t reader();
// The same for output and settings, which a process may also change that blocks or ignores the signal for it.
std::uint32_t writer();

// The terminal refused. Signals the own process group, and lets the call be made again when the
// process is continued; EIO if nobody could continue it, or the signal is blocked or ignored.
// -> what the call returns.
std::int64_t stop(std::uint32_t signal);

}  // namespace linux::fd::job_control
