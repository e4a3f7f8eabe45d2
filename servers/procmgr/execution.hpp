// SPDX-License-Identifier: MIT
// Executing a program that has a container of its own.
//
// exec:  look the Cluufile up ---> derive the view, open the program ---> build the new image beside
//        the old one ---> move the descriptors over ---> destroy the old image ---> start
//
// Up to the move of the descriptors every failure leaves the caller as it was, with a status.
#pragma once

#include "servers/procmgr/manager.hpp"

namespace procmgr {

struct CallerId {
    Pid pid = 0;
    std::uint32_t serial = 0;
};

Task execute_image(Manager& manager, CallerId caller, ImageName image, ImageBlock block,
                   ipc::PendingReply reply);

}  // namespace procmgr
