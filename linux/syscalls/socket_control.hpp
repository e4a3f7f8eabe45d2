// SPDX-License-Identifier: MIT
// Control messages of sendmsg and recvmsg: descriptors that are passed on (SCM_RIGHTS), and who the sender
// is (SCM_CREDENTIALS).
#pragma once

#include "abi/linux/socket.hpp"
#include "linux/fd/pipe.hpp"

namespace linux {

// What the program wants to send beside its bytes; no capability if that is nothing. Credentials must be
// its own, and are not sent: who receives is told those of the connection, which the sender cannot choose.
// EBADF, EINVAL, ENOBUFS, EFAULT, EPERM, and as fd::pack.
Result<fd::Parcel> read_control(const linux_abi::MessageHeader& header);

// Tells the program who sent (if it wants to know) and opens what came, as far as there is room; the rest
// is closed. Changes the header's control_length, and its flags.
Result<void> write_control(linux_abi::MessageHeader& header, const fd::PipeEnd::Received& received,
                           bool close_on_exec, bool wants_credentials);

}  // namespace linux
