// SPDX-License-Identifier: MIT
//
// How late a thread with deadlines comes to run while a less important one makes the kernel work: that one builds a bank with
// 64 MiB of mapped memory, 10,000 endpoints and 10,000 derived capabilities, revokes these, derives them again, and destroys
// the bank. One line, `preemption_latency`: the worst delay of all, from the deadline to the thread's next instruction.
#pragma once

#include <cstdint>

#include "libs/ipc/kernel_objects.hpp"

namespace bench {

ipc::KernelResult<void> measure_preemption(std::uint8_t priority);

}  // namespace bench
