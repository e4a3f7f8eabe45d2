// SPDX-License-Identifier: MIT
// All locks of the library at once, in their order: for fork and for the end of all other threads,
// which must not happen while one of them holds a lock.
#pragma once

namespace linux {

void lock_everything();
void unlock_everything();

}  // namespace linux
