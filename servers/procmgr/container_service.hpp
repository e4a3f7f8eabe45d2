// SPDX-License-Identifier: MIT
// Protocol `container`. The badge names the process that asked for the capability; what it sees are
// the containers of its user's sessions, or, for user 0, all.
#pragma once

#include "servers/procmgr/manager.hpp"

namespace procmgr {

class ContainerService {
public:
    using Protocol =
        ipc::Operations<container::List, container::Stop, container::Remove, container::Inspect,
                        container::ConfigureNext, container::Signal, container::Await,
                        container::ReadLog, container::Restart, container::ReadUses,
                        container::AwaitHealth, container::EnterNext, container::AddVolume>;

    explicit ContainerService(Manager& manager) : manager_(manager) {}

    Result<container::List::Reply> handle(const container::List& list, ipc::Request& request);
    Result<container::Stop::Reply> handle(const container::Stop& stop, ipc::Request& request);
    Result<container::Remove::Reply> handle(const container::Remove&, ipc::Request& request);
    Result<container::Inspect::Reply> handle(const container::Inspect&, ipc::Request& request);
    Result<container::AwaitHealth::Reply> handle(const container::AwaitHealth&,
                                                 ipc::Request& request);
    Result<container::ConfigureNext::Reply> handle(const container::ConfigureNext& next,
                                                   ipc::Request& request);
    Result<container::EnterNext::Reply> handle(const container::EnterNext&, ipc::Request& request);
    Result<container::AddVolume::Reply> handle(const container::AddVolume& add,
                                               ipc::Request& request);
    Result<container::Signal::Reply> handle(const container::Signal& signal, ipc::Request& request);
    Result<container::Await::Reply> handle(const container::Await&, ipc::Request& request);
    Result<container::ReadLog::Reply> handle(const container::ReadLog& read, ipc::Request& request);
    Result<container::Restart::Reply> handle(const container::Restart& restart,
                                             ipc::Request& request);
    Result<container::ReadUses::Reply> handle(const container::ReadUses& read,
                                              ipc::Request& request);

private:
    Task answer_uses(ipc::Capability<names::View> view, container::ReadUses read,
                     container::ReadUses::Reply answer, ipc::PendingReply reply);
    [[nodiscard]] Result<const Process*> caller(const ipc::Request& request);
    // By name or number, among those that the caller sees.
    [[nodiscard]] Result<Container*> find(const ipc::Request& request);
    [[nodiscard]] container::Info info_of(const Container& container);

    Manager& manager_;
};

}  // namespace procmgr
