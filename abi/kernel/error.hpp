// SPDX-License-Identifier: MIT
// Errors of kernel operations. A system call returns one in rax; 0 is success.
//
// Every operation finds all of its errors before it changes anything, so an error means that
// nothing was done, except where the operation's own page in docs/kernel-objects.md says otherwise.
#pragma once

#include <cstdint>

namespace abi {

enum class Error : std::uint32_t {
    ok = 0,
    bad_system_call,     // no such system call, or no such operation on this type of object
    invalid_capability,  // the index names no capability (never did, or it was deleted or revoked)
    wrong_type,          // the capability names an object of another type
    missing_right,       // the capability lacks the right that the operation asks for
    invalid_argument,    // an argument has no meaning (unknown flag, zero length, ...)
    out_of_range,        // an address, offset, index or size lies outside what is allowed
    not_aligned,         // an address, offset or size is not a multiple of the page size
    bad_address,         // a user address could not be read or written
    no_memory,           // the bank's limit, or that of a bank above it, is reached
    table_full,          // no free slot in the capability table that should receive
    slot_in_use,         // the named slot already holds a capability
    overlap,             // the address range is mapped already
    not_mapped,          // the address range is not (wholly) mapped
    busy,                // the object is in use in a way that excludes this operation
    timed_out,           // the deadline passed before the operation could be done
    interrupted,         // Thread.interrupt ended a call that was marked interruptible
    dead,                // the object or the partner was destroyed while waiting for it
    no_caller,    // the reply object answers nobody: the caller gave up, died, or was answered
    too_long,     // a message is longer than the page or carries too many capabilities
    would_block,  // a poll found nothing
    changed,      // futex: the word did not hold the expected value
    too_deep,     // a bank within too many others
};

}  // namespace abi
