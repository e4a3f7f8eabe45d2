// SPDX-License-Identifier: MIT
//
// All kernel objects. Each is a class with one method per operation of abi/kernel/operation.hpp,
// reached through
// `->` of a Ref or Capability:
//
//   ipc::Capability<ipc::Memory> buffer = TRY(ipc::own_bank()->create_memory(64 * 1024));
//   TRY(ipc::own_space()->map(buffer, {.address = 0x10000000, .length = 64 * 1024}));
//
// The classes hold an index and nothing else; all is inline and costs what the system call costs.
#pragma once

// IWYU pragma: begin_exports
#include "libs/ipc/kernel_objects/address_space.hpp"
#include "libs/ipc/kernel_objects/bank.hpp"
#include "libs/ipc/kernel_objects/cap_table.hpp"
#include "libs/ipc/kernel_objects/device.hpp"
#include "libs/ipc/kernel_objects/log.hpp"
#include "libs/ipc/kernel_objects/memory.hpp"
#include "libs/ipc/kernel_objects/notification.hpp"
#include "libs/ipc/kernel_objects/thread.hpp"
// IWYU pragma: end_exports
