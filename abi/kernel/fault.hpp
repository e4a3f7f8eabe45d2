// SPDX-License-Identifier: MIT
// Fault messages: what a thread's fault handler, or a Memory's pager, receives (tag has is_fault;
// the label says which). Replying resumes the thread (a fault: it tries the instruction again). Not
// replying leaves it where it is.
#pragma once

#include <cstdint>

namespace abi {

enum class FaultLabel : std::uint16_t {
    page = 1,     // w0 address, w1 CPU error code, w2 rip, w3 rsp
    exception,    // w0 vector, w1 error code, w2 rip, w3 rsp
    system_call,  // w0 number (foreign, and no upcall set), w1 0, w2 rip, w3 rsp
    pager,  // to a Memory's pager, badge as given at creation: w0 offset of the missing page, w1
            // bytes that may be supplied at once. No reply is needed: Memory.supply,
            // supply_and_receive or fail wakes the threads that wait. Who receives it runs on the
            // time of the thread that waits, until that is awake or it receives again.
};

}  // namespace abi
