// SPDX-License-Identifier: MIT
//
// A capability for one kind of object cannot be used as one for another.
// error: no viable conversion from 'Ref<ipc::Endpoint>' to 'Ref<Memory>'

#include "libs/ipc/kernel_objects.hpp"

ipc::KernelResult<void> map_it(ipc::Ref<ipc::AddressSpace> space, ipc::Ref<ipc::Memory> memory,
                               ipc::Ref<ipc::Endpoint> endpoint) {
#ifdef RULE_KEPT
    (void)endpoint;
    return space->map(memory, {.address = 0, .length = 4096});
#else
    (void)memory;
    return space->map(endpoint, {.address = 0, .length = 4096});
#endif
}
