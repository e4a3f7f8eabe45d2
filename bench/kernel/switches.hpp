// SPDX-License-Identifier: MIT
//
// What seL4's own benchmark measures and main.cpp does not:
//
//     ipc_call_10w              six words in registers and four in the message page, both ways
//     ipc_call_same_space       call and reply-and-receive within one address space, no words
//     signal_wakes              from before a signal until the more important thread runs that waits
//                               for it, in another address space
//     poll_empty                a look at a notification that has no bits
//     yield_alone               nobody else of this priority is ready
//     yield_switch              another address space's thread runs instead, for each switch
//     thread_destroy            thread and scheduling context, the thread's last capabilities
//     address_space_create      an address space with nothing in it
//     address_space_first_page  a mapping where there are no page tables yet, and the first touch:
//                               region, three tables, a page
#pragma once

#include <cstdint>

#include "libs/ipc/kernel_objects.hpp"

namespace bench {

ipc::KernelResult<void> measure_switches(std::uint8_t priority);

}  // namespace bench
