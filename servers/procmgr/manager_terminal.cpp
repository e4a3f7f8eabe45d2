// SPDX-License-Identifier: MIT
// Manager: sessions and their terminals. A terminal's File comes from a client, and may be anything:
// it is only called by the caller threads, and with a deadline.
#include "interfaces/tty.hpp"
#include "libs/rt/clock.hpp"
#include "servers/procmgr/manager.hpp"

namespace procmgr {
namespace {

constexpr std::uint64_t patience = rt::second;

}  // namespace

ipc::KernelResult<ipc::Capability<process::Session>> Manager::mint_session(Pid session) {
    const Badge badge{BadgeKind::session, 0, session};
    return ipc::mint<process::Session>(given.endpoint,
                                       {.badge = badge.raw(), .rights = abi::EndpointRights::call});
}

Async<Result<void>> Manager::attach_session(Pid leader, std::uint32_t serial,
                                            process::SetTerminal how,
                                            ipc::Capability<fs::File> terminal) {
    auto session = mint_session(leader);
    if (!session) {
        co_return base::fail(ipc::to_status(session.error()));
    }
    auto attached = co_await outside.call(
        terminal, tty::Attach{.session = leader, .group = leader, .force = how.force},
        {.capabilities = {*session}, .deadline = rt::now() + patience});
    if (!attached) {
        co_return base::fail(ipc::to_status(attached.error()));
    }
    const Process* process = table.find(leader);
    if (body_of(leader, serial) == nullptr || process == nullptr || process->session != leader) {
        (void)co_await outside.call(terminal, tty::Detach{.session = leader},
                                    {.deadline = rt::now() + patience});
        co_return base::fail(Status::no_process);
    }
    // What the client has open is no business of the session: closing it must have its effects.
    sessions_[leader] = {attached->take<fs::File>(), how.device};
    table.for_each([&](const Process& member) {
        if (member.session == leader) {
            publish_identity(member);
        }
    });
    co_return Result<void>{};
}

Task Manager::attach_terminal(Pid pid, std::uint32_t serial, process::SetTerminal how,
                              ipc::Capability<fs::File> terminal, ipc::PendingReply reply) {
    const auto attached = co_await attach_session(pid, serial, how, std::move(terminal));
    if (attached) {
        (void)reply.answer<process::SetTerminal>({});
    } else {
        (void)reply.fail(attached.error());
    }
}

// The leader has ended: the foreground group hears of it, and the terminal is free.
void Manager::release_session(Pid leader) {
    const auto found = sessions_.find(leader);
    if (found == sessions_.end()) {
        return;
    }
    ipc::Capability<fs::File> terminal = std::move(found->second.terminal);
    sessions_.erase(found);
    table.for_each([&](const Process& member) {
        if (member.session == leader) {
            publish_identity(member);
        }
    });
    release_terminal(leader, std::move(terminal));
}

Task Manager::release_terminal(Pid session, ipc::Capability<fs::File> terminal) {
    const auto foreground =
        co_await outside.call(terminal, tty::GetForeground{}, {.deadline = rt::now() + patience});
    if (foreground && foreground->reply.session == session) {
        deliver_to_group(foreground->reply.group, session, signal_number::hup);
        deliver_to_group(foreground->reply.group, session, signal_number::cont);
    }
    (void)co_await outside.call(terminal, tty::Detach{.session = session},
                                {.deadline = rt::now() + patience});
}

}  // namespace procmgr
