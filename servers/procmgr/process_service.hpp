// SPDX-License-Identifier: MIT
// Protocol `process`: what a process asks for itself, and what a terminal may do in its session.
//
// The badge names the caller (badge.hpp). A Stopped, Wait, SetTerminal or Execute is answered later;
// everything else at once. Nothing a client says is believed: numbers are looked up, capabilities are
// asked for their type before anything is done with them.
#pragma once

#include "interfaces/clients.hpp"
#include "servers/procmgr/manager.hpp"

namespace procmgr {

class ProcessService {
public:
    using Protocol = ipc::Operations<
        process::Fork, process::Execute, process::Exit, process::Wait, process::Kill,
        process::SetProcessGroup, process::Lookup, process::MakeSession, process::SetTerminal,
        process::GetTerminal, process::SetIdentity, process::Stopped, process::SetTimer,
        process::GetUsage, process::SystemInfo, process::Shutdown, process::ReportMissing,
        process::GetService, process::Rename, process::ExplainRefusal, process::AwaitExecute,
        process::SetFamily, process::Watch, process::OpenSocketName, process::OpenQueue,
        process::RemoveQueue, process::NotifyOfMessage, process::DescribeClient,
        process::ChangeClient, process::OpenFramebuffer, process::LeaveTerminal, process::Nice>;

    explicit ProcessService(Manager& manager) : manager_(manager) {}

    // process_life.cpp
    Result<process::Fork::Reply> handle(const process::Fork& fork, ipc::Request& request);
    Result<process::Execute::Reply> handle(const process::Execute& execute, ipc::Request& request);
    Result<process::AwaitExecute::Reply> handle(const process::AwaitExecute&,
                                                ipc::Request& request);
    Result<process::ExplainRefusal::Reply> handle(const process::ExplainRefusal&,
                                                  ipc::Request& request);
    Result<process::Exit::Reply> handle(const process::Exit& exit, ipc::Request& request);
    Result<process::Wait::Reply> handle(const process::Wait& wait, ipc::Request& request);
    Result<process::Watch::Reply> handle(const process::Watch& watch, ipc::Request& request);
    Result<process::GetUsage::Reply> handle(const process::GetUsage& get, ipc::Request& request);
    Result<process::Rename::Reply> handle(const process::Rename&, ipc::Request& request);
    Result<process::SetFamily::Reply> handle(const process::SetFamily& set, ipc::Request& request);

    // process_control.cpp
    Result<process::Kill::Reply> handle(const process::Kill& kill, ipc::Request& request);
    Result<process::SetProcessGroup::Reply> handle(const process::SetProcessGroup& set,
                                                   ipc::Request& request);
    Result<process::Lookup::Reply> handle(const process::Lookup& lookup, ipc::Request& request);
    Result<process::MakeSession::Reply> handle(const process::MakeSession&, ipc::Request& request);
    Result<process::SetTerminal::Reply> handle(const process::SetTerminal& set,
                                               ipc::Request& request);
    Result<process::GetTerminal::Reply> handle(const process::GetTerminal&, ipc::Request& request);
    Result<process::LeaveTerminal::Reply> handle(const process::LeaveTerminal&,
                                                 ipc::Request& request);
    Result<process::OpenFramebuffer::Reply> handle(const process::OpenFramebuffer&,
                                                   ipc::Request& request);
    Result<process::Nice::Reply> handle(const process::Nice& nice, ipc::Request& request);
    Result<process::SetIdentity::Reply> handle(const process::SetIdentity& set,
                                               ipc::Request& request);
    Result<process::DescribeClient::Reply> handle(const process::DescribeClient& describe,
                                                  ipc::Request& request);
    Result<process::ChangeClient::Reply> handle(const process::ChangeClient& change,
                                                ipc::Request& request);
    Result<process::Stopped::Reply> handle(const process::Stopped& stopped, ipc::Request& request);
    Result<process::SetTimer::Reply> handle(const process::SetTimer& set, ipc::Request& request);
    Result<process::SystemInfo::Reply> handle(const process::SystemInfo&, ipc::Request& request);
    Result<process::Shutdown::Reply> handle(const process::Shutdown& shutdown,
                                            ipc::Request& request);
    Result<process::ReportMissing::Reply> handle(const process::ReportMissing& missing,
                                                 ipc::Request& request);
    Result<process::GetService::Reply> handle(const process::GetService&, ipc::Request& request);
    Result<process::OpenSocketName::Reply> handle(const process::OpenSocketName& open,
                                                  ipc::Request& request);
    Result<process::OpenQueue::Reply> handle(const process::OpenQueue& open, ipc::Request& request);
    Result<process::RemoveQueue::Reply> handle(const process::RemoveQueue&, ipc::Request& request);
    Result<process::NotifyOfMessage::Reply> handle(const process::NotifyOfMessage& notify,
                                                   ipc::Request& request);

private:
    struct Caller {
        Process* process;
        Body* body;
    };
    [[nodiscard]] Result<Caller> caller(const ipc::Request& request);
    [[nodiscard]] Result<Caller> client_of(const ipc::Request& request, std::uint64_t badge);
    Task answer_change(Pid pid, std::uint32_t serial, Identities to, std::uint32_t granted,
                       std::optional<ImageSet> images, ipc::PendingReply reply);

    Manager& manager_;
};

class SessionService {
public:
    using Protocol = ipc::Operations<process::SignalGroup, process::CheckGroup,
                                     process::TerminalShown, process::Restart, process::Shutdown>;

    explicit SessionService(Manager& manager) : manager_(manager) {}
    Result<process::SignalGroup::Reply> handle(const process::SignalGroup& signal,
                                               ipc::Request& request);
    Result<process::CheckGroup::Reply> handle(const process::CheckGroup& check,
                                              ipc::Request& request);
    Result<process::TerminalShown::Reply> handle(const process::TerminalShown& shown,
                                                 ipc::Request& request);
    Result<process::Restart::Reply> handle(const process::Restart&, ipc::Request& request);
    Result<process::Shutdown::Reply> handle(const process::Shutdown& shutdown,
                                            ipc::Request& request);

private:
    Manager& manager_;
};

// The ImageStart block in a client's Memory, taken apart.
[[nodiscard]] Result<ImageBlock> read_image(const ipc::Capability<ipc::Memory>& memory,
                                            std::uint64_t bytes);

// A capability that a client sent, if it is an endpoint's: calling an operation of another kind of
// object would do something else, and a kernel operation on an endpoint would be a message to it.
[[nodiscard]] bool is_of_type(ipc::AnyRef capability, abi::ObjectType type);

}  // namespace procmgr
