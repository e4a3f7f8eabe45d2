// SPDX-License-Identifier: MIT
//
// Supervisor: starts the servers, hears of their deaths, starts them again.
//
// init is the fault handler of every server's first thread; the badge is the server's place in the table. A server that
// faults or exits is over: what is left of it is destroyed with its bank. A restart waits a little, longer each time, so that
// a server that cannot start does not take the machine with it; one that ran for a while begins anew.
//
//      waiting (due_) -> running -> [fault, exit] -> waiting | ended (restarts used up, status 0)
#pragma once

#include <span>
#include <vector>

#include "libs/ipc/server.hpp"
#include "libs/process/archive.hpp"
#include "servers/init/authority.hpp"

namespace init {

class Supervisor {
public:
    using Protocol = ipc::Operations<>;

    Supervisor(std::vector<ServerEntry> servers, loader::Archive archive, Authority& authority,
               ipc::Ref<ipc::Endpoint> endpoint, ipc::Ref<ipc::Memory> time_page);

    void start_all();

    // Hooks of the server loop.
    ipc::FaultAction on_fault(const ipc::Fault& fault, ipc::Request& request);
    std::uint64_t deadline() const;
    void on_deadline();

private:
    struct Running {
        ServerEntry entry;
        loader::Program program;
        std::uint64_t started = 0;
        std::uint64_t due = ipc::no_deadline;  // when to start it (again)
        std::uint32_t deaths = 0;              // in a row
    };

    void start(Running& server);
    loader::LoadResult<loader::Program> launch(const Running& server);
    void bury(Running& server, bool failed);

    std::vector<Running> servers_;
    loader::Archive archive_;
    Authority& authority_;
    ipc::Ref<ipc::Endpoint> endpoint_;
    ipc::Ref<ipc::Memory> time_page_;
};

}  // namespace init
