// SPDX-License-Identifier: MIT
//
// An owned capability has one owner: it moves, and is not copied.
// error: call to implicitly-deleted copy constructor of 'ipc::Capability<ipc::Memory>'

#include <utility>

#include "libs/ipc/kernel_objects.hpp"

ipc::Capability<ipc::Memory> hand_over(ipc::Capability<ipc::Memory>& mine) {
#ifdef RULE_KEPT
    return std::move(mine);
#else
    return mine;
#endif
}
