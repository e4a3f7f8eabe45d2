// SPDX-License-Identifier: MIT
// Manager: sessions and their terminals. A terminal's File comes from a client, and may be anything:
// it is only called by the caller threads, with a deadline, and what it says is believed by nobody
// (interfaces/tty.hpp, Claim).
#include "interfaces/tty.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "servers/procmgr/manager.hpp"

namespace procmgr {
namespace {

constexpr std::uint64_t patience = rt::second;

}  // namespace

Async<Result<void>> Manager::attach_session(Pid leader, std::uint32_t serial,
                                            process::SetTerminal how,
                                            ipc::Capability<fs::File> terminal) {
    const auto claim = co_await outside.call(terminal, tty::Claim{.session = leader},
                                             {.deadline = rt::now() + patience});
    if (!claim) {
        co_return base::fail(ipc::to_status(claim.error()));
    }
    auto attached = co_await outside.call(
        given.terminals,
        tty::Attach{.claim = claim->reply.claim, .session = leader, .force = how.force});
    if (!attached) {
        co_return base::fail(ipc::to_status(attached.error()));
    }
    forget_session(attached->reply.before);
    const Process* process = table.find(leader);
    if (body_of(leader, serial) == nullptr || process == nullptr || process->session != leader) {
        (void)co_await outside.call(given.terminals, tty::Detach{.session = leader});
        co_return base::fail(Status::no_process);
    }
    // What the client has open is no business of the session: closing it must have its effects.
    sessions_[leader] = {attached->take<fs::File>(), how.device};
    publish_session(leader);
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

void Manager::publish_session(Pid session) {
    table.for_each([&](const Process& member) {
        if (member.session == session) {
            publish_identity(member);
        }
    });
}

// It has no terminal any more.
void Manager::forget_session(Pid leader) {
    if (sessions_.erase(leader) != 0) {
        publish_session(leader);
    }
}

// Nobody learns of a leader's end before its terminal is free: whoever waits for it opens the
// terminal for the next session then, and that shall not be hung up.
Task Manager::end_leader(Pid pid, std::uint32_t status, Usage usage) {
    const auto released = co_await outside.call(given.terminals, tty::Detach{.session = pid});
    if (!released) {
        rt::log("the terminal of session ", pid, " is not free: ", released.error());
    }
    forget_session(pid);
    settle_end(pid, status, usage);
}

}  // namespace procmgr
