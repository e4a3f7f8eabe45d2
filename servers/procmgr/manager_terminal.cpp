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
constexpr std::uint32_t terminals_major =
    4;  // screens and serial lines, as in servers/vfs/root.cpp
constexpr std::uint32_t terminal_mode = 0620;

}  // namespace

Async<Result<void>> Manager::attach_session(Pid leader, std::uint32_t serial, bool force,
                                            ipc::Capability<fs::File> terminal) {
    const auto claim = co_await outside.call(terminal, tty::Claim{.session = leader},
                                             {.deadline = rt::now() + patience});
    if (!claim) {
        co_return base::fail(ipc::to_status(claim.error()));
    }
    auto attached = co_await outside.call(
        given.terminals,
        tty::Attach{.claim = claim->reply.claim, .session = leader, .force = force ? 1U : 0U});
    if (!attached) {
        co_return base::fail(ipc::to_status(attached.error()));
    }
    const Session* before = session_of(attached->reply.before);
    const bool was_owned = before != nullptr && before->owner != 0;
    forget_session(attached->reply.before);
    // What the client has open is no business of the session: closing it must have its effects.
    auto file = attached->take<fs::File>();
    const auto named = co_await outside.call(file, tty::Identify{});
    const std::uint32_t device = named ? named->reply.major << 8 | named->reply.minor : 0;
    if (was_owned) {
        (void)co_await set_owner(device, 0);
    }
    const Process* process = table.find(leader);
    if (body_of(leader, serial) == nullptr || process == nullptr || process->session != leader) {
        (void)co_await outside.call(given.terminals, tty::Detach{.session = leader});
        co_return base::fail(Status::no_process);
    }
    sessions_[leader] = {.terminal = std::move(file), .device = device};
    publish_session(leader);
    co_return Result<void>{};
}

Task Manager::attach_terminal(Pid pid, std::uint32_t serial, bool force,
                              ipc::Capability<fs::File> terminal, ipc::PendingReply reply) {
    const auto attached = co_await attach_session(pid, serial, force, std::move(terminal));
    if (attached) {
        (void)reply.answer<process::SetTerminal>({});
    } else {
        (void)reply.fail(attached.error());
    }
}

Task Manager::open_framebuffer(Pid session, ipc::PendingReply reply) {
    auto opened = co_await outside.call(given.terminals, tty::OpenFramebuffer{.session = session});
    if (!opened) {
        (void)reply.fail(ipc::to_status(opened.error()));
        co_return;
    }
    auto file = opened->take<fs::File>();
    (void)reply.answer<process::OpenFramebuffer>({}, file);
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

// What its last user allowed others to do with it is forgotten. A pseudo-terminal is its maker's.
Async<Result<void>> Manager::set_owner(std::uint32_t device, std::uint32_t user) {
    if (device >> 8 != terminals_major) {
        co_return Result<void>{};
    }
    using Set = fs::SetAttributes;
    const fs::Attributes values{.mode = terminal_mode, .user = user, .group = 0};
    std::string payload{reinterpret_cast<const char*>(&values), sizeof values};
    payload += path_of_terminal(device & 0xff);
    const auto done =
        co_await outside.call(given.names, Set{.which = Set::mode | Set::user | Set::group},
                              {.payload = ipc::bytes(payload)});
    if (!done) {
        co_return base::fail(ipc::to_status(done.error()));
    }
    co_return Result<void>{};
}

Async<Result<void>> Manager::own_terminal(Pid leader, std::uint32_t user) {
    Session* session = session_of(leader);
    if (session == nullptr || session->owner == user) {
        co_return Result<void>{};
    }
    const std::uint32_t device = session->device;
    session->owner = user;
    const auto done = co_await set_owner(device, user);
    session = session_of(leader);
    if (session == nullptr || session->device != device) {
        co_return co_await set_owner(device, 0);  // it has ended meanwhile
    }
    co_return done;
}

// Nobody learns of a leader's end before its terminal is free: whoever waits for it opens the
// terminal for the next session then, and that shall not be hung up.
//
// The node is user 0's again before the hang-up: what the session's programs have still opened by it is hung up, too.
Async<Result<void>> Manager::free_terminal(Pid leader) {
    if (const auto taken = co_await own_terminal(leader, 0); !taken) {
        rt::log("the terminal of session ", leader, " keeps its owner: ", taken.error());
    }
    const auto released = co_await outside.call(given.terminals, tty::Detach{.session = leader});
    if (!released) {
        rt::log("the terminal of session ", leader, " is not free: ", released.error());
    }
    forget_session(leader);
    co_return Result<void>{};
}

Task Manager::end_leader(Pid pid, std::uint32_t status, Usage usage) {
    (void)co_await free_terminal(pid);
    settle_end(pid, status, usage);
}

Task Manager::leave_terminal(Pid leader, ipc::PendingReply reply) {
    (void)co_await free_terminal(leader);
    (void)reply.answer<process::LeaveTerminal>({});
}

}  // namespace procmgr
