// SPDX-License-Identifier: MIT
//
// An object has only its own operations.
// error: no member named 'map' in 'ipc::Endpoint'

#include "libs/ipc/kernel_objects.hpp"

ipc::KernelResult<void> map_it(ipc::Ref<ipc::AddressSpace> space, ipc::Ref<ipc::Memory> memory,
                               ipc::Ref<ipc::Endpoint> endpoint) {
#ifdef RULE_KEPT
    (void)endpoint;
    return space->map(memory, {.address = 0, .length = 4096});
#else
    (void)space;
    return endpoint->map(memory, {.address = 0, .length = 4096});
#endif
}
