// SPDX-License-Identifier: MIT
// An execve that another thread has prepared and the first thread must carry out. It is interrupted
// for it, like for a signal.
#pragma once

#include "linux/process/thread.hpp"

namespace linux {

[[nodiscard]] bool plan_waits_for(const Thread& thread);
[[noreturn]] void run_waiting_plan();

}  // namespace linux
