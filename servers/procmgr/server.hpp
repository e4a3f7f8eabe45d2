// SPDX-License-Identifier: MIT
// Server: everything that arrives at procmgr's one endpoint, sent on to whom it concerns.
#pragma once

#include "servers/procmgr/container_service.hpp"
#include "servers/procmgr/log_service.hpp"
#include "servers/procmgr/proc_backend.hpp"
#include "servers/procmgr/process_service.hpp"
#include "servers/procmgr/socket_names.hpp"

namespace procmgr {

class Server {
public:
    // Which protocol a message speaks depends on its badge: route tells them apart.
    using Protocol = ProcessService::Protocol;

    Server(Manager& manager, ProcHost& host);

    [[nodiscard]] std::uint64_t proc_root_badge() const { return proc_root_; }

    ipc::sys::Message route(ipc::Request& request);
    void on_drop(std::uint64_t badge);
    void on_signal(std::uint64_t bits) { manager_.outside.on_signal(bits); }
    ipc::FaultAction on_fault(const ipc::Fault& fault, ipc::Request& request);
    std::uint64_t deadline() const { return manager_.timers.next_deadline(); }
    void on_deadline() { manager_.on_deadline(); }

private:
    Manager& manager_;
    ProcessService process_;
    SessionService session_;
    ContainerService container_;
    LogService log_;
    fs_server::Service proc_;
    SocketNames socket_names_;
    std::uint64_t proc_root_;
};

}  // namespace procmgr
