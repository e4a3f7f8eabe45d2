// SPDX-License-Identifier: MIT
// Protocol `process`: signals, groups, sessions, identity, time, and the system as a whole.
#include <algorithm>
#include <vector>

#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "servers/procmgr/model/identities.hpp"
#include "servers/procmgr/model/text.hpp"
#include "servers/procmgr/process_service.hpp"

namespace procmgr {

Result<process::Kill::Reply> ProcessService::handle(const process::Kill& kill,
                                                    ipc::Request& request) {
    const Caller from = TRY(caller(request));
    if (kill.signal != 0 && !is_signal(kill.signal)) {
        return base::fail(Status::invalid);
    }
    const Process* one = kill.pid > 0 ? manager_.table.find(static_cast<Pid>(kill.pid)) : nullptr;
    if (kill.started_ns != 0 && (one == nullptr || !has_started(*one, kill.started_ns))) {
        return base::fail(Status::no_process);
    }
    const Sender sender = manager_.sender_of(from.process->pid);
    const auto targets = TRY(signal_targets(manager_.table, sender, kill.pid, kill.signal));
    process::SignalPage::Info info{};
    // Positive codes are the system's own: a handler may trust them.
    info.code = kill.code > 0 ? 0 : kill.code;
    info.pid = from.process->pid;
    info.user = from.process->identity.user;
    info.value = kill.value;
    bool all = true;
    if (kill.signal != 0) {
        for (const Pid target : targets) {
            all = manager_.deliver(target, kill.signal, info) && all;
        }
    }
    if (!all) {
        return base::fail(Status::limit);
    }
    return process::Kill::Reply{};
}

Result<process::SetProcessGroup::Reply> ProcessService::handle(const process::SetProcessGroup& set,
                                                               ipc::Request& request) {
    const Caller from = TRY(caller(request));
    TRY(manager_.table.set_group(from.process->pid, set.pid, set.group));
    const Pid changed = set.pid == 0 ? from.process->pid : static_cast<Pid>(set.pid);
    if (const Process* process = manager_.table.find(changed)) {
        manager_.publish_identity(*process);
    }
    return process::SetProcessGroup::Reply{};
}

Result<process::Lookup::Reply> ProcessService::handle(const process::Lookup& lookup,
                                                      ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const Process* found = lookup.pid == 0  ? from.process
                           : lookup.pid < 0 ? nullptr
                                            : manager_.table.find(static_cast<Pid>(lookup.pid));
    if (found == nullptr ||
        (found != from.process &&
         !sees(manager_.table, manager_.sender_of(from.process->pid), *found))) {
        return base::fail(Status::no_process);
    }
    return process::Lookup::Reply{.pid = found->pid,
                                  .parent = found->parent,
                                  .group = found->group,
                                  .session = found->session,
                                  .orphaned = manager_.table.is_orphaned(found->group) ? 1U : 0U};
}

Result<process::MakeSession::Reply> ProcessService::handle(const process::MakeSession&,
                                                           ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const Pid session = TRY(manager_.table.make_session(from.process->pid));
    manager_.publish_identity(*from.process);
    return process::MakeSession::Reply{session};
}

Result<process::SetTerminal::Reply> ProcessService::handle(const process::SetTerminal& set,
                                                           ipc::Request& request) {
    const Caller from = TRY(caller(request));
    auto terminal = request.take<fs::File>();
    const Pid pid = from.process->pid;
    if (from.process->session != pid || manager_.session_of(pid) != nullptr) {
        return base::fail(Status::not_permitted);
    }
    if (!is_of_type(terminal, abi::ObjectType::endpoint)) {
        return base::fail(Status::not_terminal);
    }
    const bool force = set.force != 0 && from.process->identity.user == 0;
    auto reply = TRY(request.defer());
    manager_.attach_terminal(pid, from.body->serial, force, std::move(terminal), std::move(reply));
    return process::SetTerminal::Reply{};
}

Result<process::GetTerminal::Reply> ProcessService::handle(const process::GetTerminal&,
                                                           ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const Session* session = manager_.session_of(from.process->session);
    if (session == nullptr || from.process->left_terminal) {
        return base::fail(Status::not_terminal);
    }
    request.add_capability(session->terminal.ref());
    return process::GetTerminal::Reply{session->device};
}

Result<process::LeaveTerminal::Reply> ProcessService::handle(const process::LeaveTerminal&,
                                                             ipc::Request& request) {
    const Caller from = TRY(caller(request));
    if (!manager_.has_terminal(*from.process)) {
        return base::fail(Status::not_terminal);
    }
    if (from.process->pid == from.process->session) {
        manager_.leave_terminal(from.process->pid, TRY(request.defer()));
    } else {
        from.process->left_terminal = true;
        manager_.publish_identity(*from.process);
    }
    return process::LeaveTerminal::Reply{};
}

Result<process::OpenFramebuffer::Reply> ProcessService::handle(const process::OpenFramebuffer&,
                                                               ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const Container* container = manager_.container_of(*from.process);
    if (container == nullptr || !container->has(cluufile::Profile::framebuffer)) {
        return base::fail(Status::access_denied);
    }
    if (!manager_.has_terminal(*from.process)) {
        return base::fail(Status::not_terminal);
    }
    manager_.open_framebuffer(from.process->session, TRY(request.defer()));
    return process::OpenFramebuffer::Reply{};
}

// With the identity comes what the next image may have.
Task ProcessService::answer_change(Pid pid, std::uint32_t serial, Identities to,
                                   std::uint32_t granted, std::optional<ImageSet> images,
                                   ipc::PendingReply reply) {
    const auto changed = co_await manager_.change_identity(pid, serial, to);
    if (changed) {
        Process& process = *manager_.table.find(pid);
        process.granted = granted;
        process.images = std::move(images);
        // Who may go back is still the one that he was.
        if (process.pid == process.session && to.effective == to.saved) {
            const std::uint32_t user = to.effective.user;
            const auto owned = co_await manager_.own_terminal(pid, user);
            if (!owned) {
                rt::log("user ", user, " does not get his terminal: ", owned.error());
            }
        }
        (void)reply.answer<process::SetIdentity>({});
    } else {
        (void)reply.fail(changed.error());
    }
}

Result<process::SetIdentity::Reply> ProcessService::handle(const process::SetIdentity& set,
                                                           ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const Identities wanted = TRY(changed_identities(from.process->identities(), set));
    if (wanted.effective == from.process->identity) {
        from.process->set_identities(wanted);
        manager_.publish_identity(*from.process);
        return process::SetIdentity::Reply{};
    }
    auto reply = TRY(request.defer());
    answer_change(from.process->pid, from.body->serial, wanted, 0, from.process->images,
                  std::move(reply));
    return process::SetIdentity::Reply{};
}

Result<process::Nice::Reply> ProcessService::handle(const process::Nice& nice,
                                                    ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const Sender sender = manager_.sender_of(from.process->pid);
    std::vector<Process*> named;
    manager_.table.for_each([&](Process& one) {
        if (is_named(nice, *from.process, one) && one.life != Life::zombie &&
            (&one == from.process || sees(manager_.table, sender, one))) {
            named.push_back(&one);
        }
    });
    if (named.empty()) {
        return base::fail(Status::no_process);
    }
    const std::int32_t value =
        std::clamp(nice.value, process::Nice::lowest, process::Nice::highest);
    process::Nice::Reply reply{.value = process::Nice::highest};
    for (const Process* one : named) {
        reply.value = std::min(reply.value, one->nice);
        if (nice.set != 0) {
            TRY(check_nice(*from.process, *one, value));
        }
    }
    for (Process* one : named) {
        one->nice = nice.set != 0 ? value : one->nice;
    }
    return reply;
}

Result<process::DescribeClient::Reply> ProcessService::handle(
    const process::DescribeClient& describe, ipc::Request& request) {
    const Caller client = TRY(client_of(request, describe.client));
    const Process& process = *client.process;
    const Process* leader = manager_.table.find(process.session);
    const Session* session = manager_.session_of(process.session);
    return process::DescribeClient::Reply{
        .pid = process.pid,
        .session = process.session,
        .user = process.identity.user,
        .group = process.identity.group,
        .session_started_ns = leader != nullptr ? leader->started_ns : 0,
        .terminal = session != nullptr ? session->device : 0};
}

Result<process::ChangeClient::Reply> ProcessService::handle(const process::ChangeClient& change,
                                                            ipc::Request& request) {
    const Caller client = TRY(client_of(request, change.client));
    auto images = image_set(request.text());
    if (!images) {
        return base::fail(Status::invalid);
    }
    auto reply = TRY(request.defer());
    const Identity becomes{change.user, change.group};
    answer_change(client.process->pid, client.body->serial, {becomes, becomes, becomes},
                  change.profiles, change.limited != 0 ? std::move(images) : std::nullopt,
                  std::move(reply));
    return process::ChangeClient::Reply{};
}

// Of a message to the service that asks.
Result<ProcessService::Caller> ProcessService::client_of(const ipc::Request& request,
                                                         std::uint64_t badge) {
    const Caller from = TRY(caller(request));
    if (!manager_.is_service(*from.process)) {
        return base::fail(Status::not_permitted);
    }
    const Badge client = Badge::of(badge);
    Process* process = manager_.table.find(client.pid);
    Body* body = manager_.body_of(client.pid, client.serial);
    if (process == nullptr || body == nullptr) {
        return base::fail(Status::no_process);
    }
    return Caller{process, body};
}

Result<process::Stopped::Reply> ProcessService::handle(const process::Stopped& stopped,
                                                       ipc::Request& request) {
    const Caller from = TRY(caller(request));
    if (!is_signal(stopped.signal) || (signal_bit(stopped.signal) & stop_signals) == 0) {
        return base::fail(Status::invalid);
    }
    auto reply = TRY(request.defer());
    if (!manager_.stop_process(*from.process, *from.body, stopped.signal, reply)) {
        (void)reply.answer<process::Stopped>({});
    }
    return process::Stopped::Reply{};
}

static process::SetTimer::Reply set_cpu_timer(Manager& manager, const Process& process,
                                              const process::SetTimer& set) {
    const std::uint64_t used = manager.usage_of(process).cpu_ns;
    const auto before =
        set.value_ns == 0
            ? manager.timers.clear(TimerKind::cpu, process.pid, set.timer)
            : manager.timers.set({.kind = TimerKind::cpu,
                                  .pid = process.pid,
                                  .number = set.timer,
                                  .signal = set.signal,
                                  .container = process.container,
                                  .deadline_ns = manager.earliest_cpu_time(set.value_ns),
                                  .cpu_target_ns = used + set.value_ns,
                                  .cpu_interval_ns = set.interval_ns});
    process::SetTimer::Reply reply;
    if (before) {
        reply.value_ns = before->cpu_target_ns > used ? before->cpu_target_ns - used : 1;
        reply.interval_ns = before->cpu_interval_ns;
    }
    return reply;
}

Result<process::SetTimer::Reply> ProcessService::handle(const process::SetTimer& set,
                                                        ipc::Request& request) {
    const Caller from = TRY(caller(request));
    // 100 years: what is further away than that need not be told from "never", and sums do not
    // overflow.
    constexpr std::uint64_t longest = 100ULL * 365 * 86400 * rt::second;
    constexpr std::uint32_t timers =
        process::SetTimer::first_cpu_timer + process::SetTimer::cpu_timers;
    static_assert(Timers::max_per_process == process::SetTimer::first_cpu_timer);
    if (set.timer >= timers || !is_signal(set.signal) || set.value_ns > longest ||
        set.interval_ns > longest) {
        return base::fail(Status::invalid);
    }
    const std::uint64_t now = rt::now();
    const Pid pid = from.process->pid;
    if (set.timer >= process::SetTimer::first_cpu_timer) {
        return set_cpu_timer(manager_, *from.process, set);
    }
    const std::uint32_t container = from.process->container;
    if (set.value_ns != 0 && !manager_.timers.has_room(pid, set.timer, container)) {
        return base::fail(Status::limit);
    }
    const auto before = set.value_ns == 0
                            ? manager_.timers.clear(TimerKind::process, pid, set.timer)
                            : manager_.timers.set({.kind = TimerKind::process,
                                                   .pid = pid,
                                                   .number = set.timer,
                                                   .signal = set.signal,
                                                   .container = container,
                                                   .deadline_ns = now + set.value_ns,
                                                   .interval_ns = set.interval_ns});
    process::SetTimer::Reply reply;
    if (before) {
        // One that is due but not yet delivered has a moment left: 0 would mean "off".
        reply.value_ns = before->deadline_ns > now ? before->deadline_ns - now : 1;
        reply.interval_ns = before->interval_ns;
    }
    return reply;
}

Result<process::SystemInfo::Reply> ProcessService::handle(const process::SystemInfo&,
                                                          ipc::Request& request) {
    TRY(caller(request));
    process::SystemInfo::Reply reply;
    if (const auto usage = ipc::own_bank()->query()) {
        reply.free_bytes = usage->machine_free;
    }
    reply.total_bytes = manager_.given.boot->memory_bytes;
    reply.uptime_ns = rt::now();
    reply.processes = static_cast<std::uint32_t>(manager_.table.size());
    const auto& load = manager_.load().thousandths();
    reply.load_1 = static_cast<std::uint32_t>(load[0]);
    reply.load_5 = static_cast<std::uint32_t>(load[1]);
    reply.load_15 = static_cast<std::uint32_t>(load[2]);
    return reply;
}

Result<process::Shutdown::Reply> ProcessService::handle(const process::Shutdown& shutdown,
                                                        ipc::Request& request) {
    const Caller from = TRY(caller(request));
    if (!manager_.is_admin(*from.process)) {
        return base::fail(Status::not_permitted);
    }
    manager_.shut_down(shutdown.restart != 0);
    return process::Shutdown::Reply{};
}

Result<process::ReportMissing::Reply> ProcessService::handle(const process::ReportMissing& missing,
                                                             ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const std::string name = printable(request.text());
    if (missing.number >= MissingCalls::numbers) {
        return base::fail(Status::invalid);
    }
    if (manager_.missing.count(from.process->name, missing.number)) {
        rt::log(std::string_view{from.process->name}, ": system call ", std::string_view{name}, "/",
                missing.number, " is not supported");
    }
    return process::ReportMissing::Reply{};
}

Result<process::GetService::Reply> ProcessService::handle(const process::GetService&,
                                                          ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const Container* container = manager_.container_of(*from.process);
    const std::string_view name = request.text();
    if (name != "container") {
        if (container == nullptr || !container->has(cluufile::Profile::accounts)) {
            return base::fail(Status::not_found);
        }
        const Badge client{BadgeKind::process, from.body->serial, from.process->pid};
        request.add_capability(TRY(manager_.reach_service(name, client)));
        return process::GetService::Reply{};
    }
    if (container == nullptr || !container->supervises()) {
        return base::fail(Status::not_permitted);
    }
    const Badge badge{BadgeKind::manager, from.body->serial, from.process->pid};
    auto minted = ipc::mint<container::Manager>(
        manager_.given.endpoint, {.badge = badge.raw(), .rights = abi::EndpointRights::call});
    if (!minted) {
        return base::fail(ipc::to_status(minted.error()));
    }
    request.add_capability(std::move(*minted));
    return process::GetService::Reply{};
}

Result<process::OpenSocketName::Reply> ProcessService::handle(const process::OpenSocketName& open,
                                                              ipc::Request& request) {
    const Caller from = TRY(caller(request));
    std::string name{request.text()};
    auto file = TRY(manager_.open_socket_name(*from.process, open, name));
    request.set_reply_payload(ipc::bytes(name));
    request.add_capability(std::move(file));
    return process::OpenSocketName::Reply{};
}

Result<process::OpenQueue::Reply> ProcessService::handle(const process::OpenQueue& open,
                                                         ipc::Request& request) {
    const Caller from = TRY(caller(request));
    const std::string name{request.text()};
    const Container* container = manager_.container_of(*from.process);
    if (container == nullptr) {
        return base::fail(Status::no_memory);
    }
    auto opened = TRY(manager_.queues.open(*from.process, container->bank.ref(), open, name));
    request.add_capability(std::move(opened.capability));
    return process::OpenQueue::Reply{opened.queue};
}

Result<process::RemoveQueue::Reply> ProcessService::handle(const process::RemoveQueue&,
                                                           ipc::Request& request) {
    const Caller from = TRY(caller(request));
    TRY(manager_.queues.remove(*from.process, request.text()));
    return process::RemoveQueue::Reply{};
}

Result<process::NotifyOfMessage::Reply> ProcessService::handle(
    const process::NotifyOfMessage& notify, ipc::Request& request) {
    const Caller from = TRY(caller(request));
    TRY(manager_.queues.notify(*from.process, from.body->serial, notify));
    return process::NotifyOfMessage::Reply{};
}

Result<process::SignalGroup::Reply> SessionService::handle(const process::SignalGroup& signal,
                                                           ipc::Request& /*request*/) {
    const Pid session = signal.session;
    const Pid group = signal.group == 0 ? session : signal.group;
    // A terminal asks for job control; it does not kill.
    if (!is_signal(signal.signal) || signal.signal == signal_number::kill) {
        return base::fail(Status::invalid);
    }
    if (signal.group == 0) {
        manager_.deliver(session, signal.signal, kernel_info());
        return process::SignalGroup::Reply{};
    }
    if (!manager_.table.group_exists(group, session)) {
        return base::fail(Status::no_process);
    }
    manager_.deliver_to_group(group, session, signal.signal);
    return process::SignalGroup::Reply{};
}

Result<process::CheckGroup::Reply> SessionService::handle(const process::CheckGroup& check,
                                                          ipc::Request& /*request*/) {
    if (!manager_.table.group_exists(check.group, check.session)) {
        return base::fail(Status::no_process);
    }
    return process::CheckGroup::Reply{};
}

Result<process::TerminalShown::Reply> SessionService::handle(const process::TerminalShown& shown,
                                                             ipc::Request& /*request*/) {
    manager_.start_shown(shown.number);
    return process::TerminalShown::Reply{};
}

Result<process::Restart::Reply> SessionService::handle(const process::Restart&,
                                                       ipc::Request& /*request*/) {
    manager_.shut_down(true);
    return process::Restart::Reply{};
}

Result<process::Shutdown::Reply> SessionService::handle(const process::Shutdown& shutdown,
                                                        ipc::Request& /*request*/) {
    manager_.shut_down(shutdown.restart != 0);
    return process::Shutdown::Reply{};
}

}  // namespace procmgr
