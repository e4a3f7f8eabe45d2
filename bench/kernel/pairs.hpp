// SPDX-License-Identifier: MIT
//
// What several CPUs are good for: pairs of a client and a server that have nothing to do with each other, all calling as fast
// as they can. One line, `call_pairs_Ncpu`, calls in a second of all pairs together; and `call_shared_Ncpu`, of the same clients when
// all of them call the first one's server.
//
// In seconds, unlike all else here: QEMU counts instructions only while it runs all CPUs in one thread of the host, one after
// the other, and then there is nothing to see. So the figure is of the host, and has no budget.
#pragma once

#include <cstdint>

#include "libs/ipc/kernel_objects.hpp"

namespace bench {

// As many pairs as the largest machine that is looked at has CPUs, whatever this one has.
ipc::KernelResult<void> measure_pairs(std::uint8_t priority);

}  // namespace bench
