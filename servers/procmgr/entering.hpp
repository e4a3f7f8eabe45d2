// SPDX-License-Identifier: MIT
// Executing a program inside a container that runs already (container::EnterNext).
//
// It becomes one more process of the container: with the view of its first process, as that one's user, in its bank, under its
// limits. What is executed is what the caller sees, as its descriptors are what the caller holds, or, if the image has files of
// its own, what the container sees; there is nothing else of the caller's in the new image.
//
// Who may: who sees the container, and could start one like it, or has it in front of him as user 0. Its first process
// must be the caller's user's still, or user 0 asks: a session in which somebody has become another user is his no more.
#pragma once

#include "servers/procmgr/execution.hpp"

namespace procmgr {

// Body::next names the container.
Task execute_inside(Manager& manager, CallerId caller, ImageBlock block, ipc::PendingReply reply);

}  // namespace procmgr
