// SPDX-License-Identifier: MIT
// Control messages of sendmsg and recvmsg: descriptors that are passed on (SCM_RIGHTS).
#pragma once

#include "abi/linux/socket.hpp"
#include "linux/fd/parcel.hpp"

namespace linux {

// What the program wants to send beside its bytes; no capability if that is nothing. EBADF, EINVAL,
// ENOBUFS, EFAULT, and as fd::pack.
Result<fd::Parcel> read_control(const linux_abi::MessageHeader& header);

// Opens what came, and tells the program of as much as it has room for; the rest is closed. Changes
// the header's control_length, and its flags.
Result<void> write_control(linux_abi::MessageHeader& header, const fd::Parcel& parcel,
                           bool close_on_exec);

}  // namespace linux
