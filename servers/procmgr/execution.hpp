// SPDX-License-Identifier: MIT
// Executing a program that has a container of its own.
//
// exec:  look the Cluufile up ---> derive the view, open the program ---> build the new image beside
//        the old one ---> move the descriptors over ---> destroy the old image ---> start
//
// Up to the move of the descriptors every failure leaves the caller as it was, with a status.
#pragma once

#include <optional>

#include "servers/procmgr/manager.hpp"

namespace procmgr {

struct CallerId {
    Pid pid = 0;
    std::uint32_t serial = 0;
};

// Why this process may not start, or enter, what has this plan; nothing: it may.
[[nodiscard]] std::optional<Refusal> refusal_for(const Container* own, const Process& process,
                                                 const Plan& plan);

// A new image for the process, as this user, beside the old one; its descriptors are moved over. Nothing: something failed
// when they had been, and the process is gone, as on any Unix.
[[nodiscard]] base::Result<std::optional<Body>, Refusal> build_beside(Manager& manager,
                                                                      Process& process,
                                                                      Identity identity,
                                                                      Manager::FreshImage fresh);

// Answers the Execute, and keeps the complaint for ExplainRefusal.
void refuse(Body& body, const Refusal& refusal, ipc::PendingReply& reply);

// GRANT argv start: may this process start what its starter sees at the path?
[[nodiscard]] bool may_start(const Container& own, const Process& process, std::string_view path);

// What an Execute asks for; if it is unseen, the caller may_start it.
struct ToExecute {
    ImageBlock block;
    std::uint32_t step = process::Execute::whole;
};
Task execute_image(Manager& manager, CallerId caller, ImageName image, ToExecute what,
                   ipc::PendingReply reply);

}  // namespace procmgr
