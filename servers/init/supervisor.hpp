// SPDX-License-Identifier: MIT
//
// Supervisor: starts the servers, hears of their deaths, starts them again.
//
// init is the fault handler of all threads of every server; the badge is the server's place in the table. A server that
// faults or exits is over: what is left of it is destroyed with its bank. A restart waits a little, longer each time, so that
// a server that cannot start does not take the machine with it; one that ran for a while begins anew.
//
// With a server that is to be started again end those that need it, the last of the table first, and all start in the table's order:
// what they had got from it (mounts, registered devices, DMA memory) is made anew.
//
//      waiting (due_) -> running -> [fault, exit] -> waiting | ended (restarts used up, status 0)
//
// A hosted server needs two things more of its parent, on the same endpoint: its executable as a File,
// which the Linux library reads, and an ear for its exit.
#pragma once

#include <span>
#include <vector>

#include "interfaces/fs.hpp"
#include "interfaces/process.hpp"
#include "libs/ipc/server.hpp"
#include "libs/process/archive.hpp"
#include "servers/init/authority.hpp"

namespace init {

class Supervisor {
public:
    using Protocol =
        ipc::Operations<process::Exit, process::ReportMissing, fs::Read, fs::GetAttributes>;

    Supervisor(std::vector<ServerEntry> servers, loader::Archive archive, Authority& authority,
               ipc::Ref<ipc::Endpoint> endpoint, ipc::Ref<ipc::Memory> time_page);

    void start_all();

    // Of hosted servers.
    ipc::Result<process::Exit::Reply> handle(const process::Exit& exit, ipc::Request& request);
    ipc::Result<process::ReportMissing::Reply> handle(const process::ReportMissing& missing,
                                                      ipc::Request& request);
    ipc::Result<fs::Read::Reply> handle(const fs::Read& read, ipc::Request& request);
    ipc::Result<fs::GetAttributes::Reply> handle(const fs::GetAttributes& get,
                                                 ipc::Request& request);

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
        std::string cause;                     // whose end was the reason for the last start
    };

    void start(Running& server);
    Running* server_of(const ipc::Request& request);
    loader::LoadResult<loader::Program> launch_hosted(const loader::ProgramSpec& spec,
                                                      const Running& server);
    loader::LoadResult<loader::Program> launch(const Running& server);
    void bury(Running& server, bool failed);
    void end_with(const Running& dead);
    static void end(Running& server);

    std::vector<Running> servers_;
    loader::Archive archive_;
    Authority& authority_;
    ipc::Ref<ipc::Endpoint> endpoint_;
    ipc::Ref<ipc::Memory> time_page_;
};

}  // namespace init
