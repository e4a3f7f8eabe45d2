// SPDX-License-Identifier: MIT
#include "servers/procmgr/container_service.hpp"

#include <algorithm>
#include <array>

#include "libs/base/align.hpp"
#include "libs/rt/clock.hpp"
#include "servers/procmgr/model/end_text.hpp"
#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

bool sees(const Process& process, const Container& container) {
    return process.identity.user == 0 || process.identity.user == container.user;
}

constexpr std::size_t most_waiting = 16;  // of a kind, for one container

// Nothing, while it runs.
std::string end_of(const Container& container) {
    if (container.state == container::State::running) {
        return {};
    }
    return end_text({.status = container.status,
                     .cause = container.cause,
                     .memory_limit = container.memory_limit,
                     .time_limit_ms = container.plan.time_limit_ms,
                     .bad_checks = container.plan.check_retries,
                     .process_limit = container.met_process_limit ? container.process_limit : 0,
                     .given_up = container.gave_up ? container.failures : 0,
                     .before = container.ended_before,
                     .start_failure = container.start_failure});
}

container::State state_of(const Container& container) {
    return container.restarting() ? container::State::restarting : container.state;
}

std::string_view word_of(container::State state) {
    switch (state) {
        case container::State::running:    return "running";
        case container::State::exited:     return "exited";
        case container::State::restarting: return "restarting";
    }
    return "";
}

std::string_view word_of(container::Health health) {
    switch (health) {
        case container::Health::none:      return "none";
        case container::Health::starting:  return "starting";
        case container::Health::healthy:   return "healthy";
        case container::Health::unhealthy: return "unhealthy";
    }
    return "";
}

}  // namespace

Result<const Process*> ContainerService::caller(const ipc::Request& request) {
    const Badge badge = Badge::of(request.badge());
    const Process* process = manager_.table.find(badge.pid);
    if (process == nullptr || manager_.body_of(badge.pid, badge.serial) == nullptr) {
        return base::fail(Status::bad_handle);
    }
    return process;
}

Result<Container*> ContainerService::find(const ipc::Request& request) {
    const Process* process = TRY(caller(request));
    const std::string_view wanted = request.text();
    const auto number = parse_number(wanted);
    for (auto& [id, container] : manager_.containers()) {
        if (!container.forgotten && sees(*process, container) &&
            (container.name == wanted || number == id)) {
            return &container;
        }
    }
    return base::fail(Status::not_found);
}

Result<container::ConfigureNext::Reply> ContainerService::handle(
    const container::ConfigureNext& next, ipc::Request& request) {
    const Process* process = TRY(caller(request));
    const std::string name{request.text()};
    if (!name.empty() && !cluufile::is_image_name(name)) {
        return base::fail(Status::invalid);
    }
    if (next.cpu_limit > cluufile::max_cpu_limit) {
        return base::fail(Status::invalid);
    }
    if (manager_.container_name_taken(name)) {
        return base::fail(Status::exists);
    }
    Body& body = *manager_.body_of(process->pid);
    body.next = {.configured = true, .name = name, .id = manager_.number_container(), .how = next};
    return container::ConfigureNext::Reply{.id = body.next.id};
}

Result<container::EnterNext::Reply> ContainerService::handle(const container::EnterNext&,
                                                             ipc::Request& request) {
    const Process* process = TRY(caller(request));
    const Container* container = TRY(find(request));
    if (manager_.body_of(container->main) == nullptr) {
        return base::fail(Status::no_process);
    }
    manager_.body_of(process->pid)->next.enter = container->id;
    return container::EnterNext::Reply{};
}

Result<container::AddVolume::Reply> ContainerService::handle(const container::AddVolume& add,
                                                             ipc::Request& request) {
    const Process* process = TRY(caller(request));
    auto volume = TRY(parse_volume(request.text(), add.read_only != 0));
    auto& volumes = manager_.body_of(process->pid)->next.volumes;
    if (volumes.size() == container::AddVolume::most) {
        return base::fail(Status::limit);
    }
    volumes.push_back(std::move(volume));
    return container::AddVolume::Reply{};
}

container::Info ContainerService::info_of(const Container& container) {
    container::Info info;
    info.state = state_of(container);
    info.health = container.health;
    info.id = container.id;
    info.pid = container.main;
    info.processes = container.processes;
    info.status = container.status;
    info.cause = container.cause;
    info.restarts = container.restarts;
    info.started_ns = container.started_ns;
    info.ended_ns = container.ended_ns;
    info.ended_by = container.ended_by;
    info.memory_bytes = manager_.memory_of(container);
    info.memory_limit = container.memory_limit;
    info.cpu_ns = container.ended_cpu_ns;
    manager_.table.for_each([&](const Process& process) {
        if (process.container == container.id && process.life != Life::zombie) {
            info.cpu_ns += manager_.usage_of(process).cpu_ns;
        }
    });
    return info;
}

Result<container::List::Reply> ContainerService::handle(const container::List& list,
                                                        ipc::Request& request) {
    const Process* process = TRY(caller(request));
    std::vector<std::byte> out;
    container::List::Reply reply;
    auto& all = manager_.containers();
    for (auto at = all.lower_bound(list.first); at != all.end(); ++at) {
        const Container& container = at->second;
        const bool shown = list.all != 0 || state_of(container) != container::State::exited;
        if (!shown || container.forgotten || !sees(*process, container)) {
            continue;
        }
        container::Info info = info_of(container);
        const std::string end = end_of(container);
        const std::string texts = container.name + '\0' + container.plan.image + '\0' + end + '\0';
        const std::size_t length = base::align_up(sizeof info + texts.size(), 8);
        if (out.size() + length > container::List::reply_payload) {
            reply.next = container.id;
            break;
        }
        info.record_length = static_cast<std::uint16_t>(length);
        const std::size_t start = out.size();
        out.resize(start + length);
        std::memcpy(out.data() + start, &info, sizeof info);
        std::memcpy(out.data() + start + sizeof info, texts.data(), texts.size());
        ++reply.count;
    }
    request.set_reply_payload(out);
    return reply;
}

Result<container::Stop::Reply> ContainerService::handle(const container::Stop& stop,
                                                        ipc::Request& request) {
    const std::uint32_t user = TRY(caller(request))->identity.user;
    Container* container = TRY(find(request));
    if (container->processes != 0) {
        // Reserved before anything ends: what ends is answered.
        container->stoppers.push_back(TRY(request.defer()));
    }
    container->restart_asked = false;
    manager_.stop_container(*container, user, stop.grace_ns);
    return container::Stop::Reply{};
}

// As Stop; what it ends with is that it begins again.
Result<container::Restart::Reply> ContainerService::handle(const container::Restart& restart,
                                                           ipc::Request& request) {
    const std::uint32_t user = TRY(caller(request))->identity.user;
    Container* container = TRY(find(request));
    if (container->processes == 0) {
        return base::fail(Status::no_process);
    }
    if (!container->kit) {
        return base::fail(Status::unsupported);
    }
    container->stoppers.push_back(TRY(request.defer()));
    container->restart_asked = true;
    manager_.stop_container(*container, user, restart.grace_ns);
    return container::Restart::Reply{};
}

Result<container::Signal::Reply> ContainerService::handle(const container::Signal& signal,
                                                          ipc::Request& request) {
    const Process* sender = TRY(caller(request));
    Container* container = TRY(find(request));
    if (!is_signal(signal.signal)) {
        return base::fail(Status::invalid);
    }
    const Process* target = manager_.table.find(container->main);
    if (target == nullptr || target->container != container->id || target->life == Life::zombie) {
        return base::fail(Status::no_process);
    }
    process::SignalPage::Info info{};
    info.pid = sender->pid;
    info.user = sender->identity.user;
    // Before it arrives: then the container may be gone.
    container->signalled = signal.signal;
    container->signalled_by = sender->identity.user;
    return manager_.deliver(target->pid, signal.signal, info) ? Result<container::Signal::Reply>{}
                                                              : base::fail(Status::limit);
}

Result<container::ReadUses::Reply> ContainerService::handle(const container::ReadUses& read,
                                                            ipc::Request& request) {
    const Container* container = TRY(find(request));
    if (container->traced_views.empty()) {
        return base::fail(Status::unsupported);
    }
    if (read.run >= container->traced_views.size()) {
        return base::fail(Status::not_found);
    }
    auto view = ipc::copy(container->traced_views[read.run].ref());
    if (!view) {
        return base::fail(ipc::to_status(view.error()));
    }
    answer_uses(std::move(*view), read,
                {.runs = static_cast<std::uint32_t>(container->traced_views.size()),
                 .incomplete = container->trace_incomplete ? 1U : 0U},
                TRY(request.defer()));
    return container::ReadUses::Reply{};
}

// vfs knows.
Task ContainerService::answer_uses(ipc::Capability<names::View> view, container::ReadUses read,
                                   container::ReadUses::Reply answer, ipc::PendingReply reply) {
    const auto uses = co_await manager_.outside.call(
        manager_.given.names, names::ReadUses{.first = read.first}, {.capabilities = {view}});
    if (!uses) {
        (void)reply.fail(ipc::to_status(uses.error()));
        co_return;
    }
    answer.next = uses->reply.next;
    answer.incomplete |= uses->reply.incomplete;
    (void)reply.answer<container::ReadUses>(answer, {.payload = uses->payload});
}

Result<container::Await::Reply> ContainerService::handle(const container::Await&,
                                                         ipc::Request& request) {
    Container* container = TRY(find(request));
    if (container->processes == 0 && !container->kit) {
        return container::Await::Reply{.status = container->status};
    }
    if (container->awaiting.size() == most_waiting) {
        return base::fail(Status::limit);
    }
    container->awaiting.push_back(TRY(request.defer()));
    return container::Await::Reply{};
}

Result<container::ReadLog::Reply> ContainerService::handle(const container::ReadLog& read,
                                                           ipc::Request& request) {
    Container* container = TRY(find(request));
    if (!container->has_log()) {
        return base::fail(Status::unsupported);
    }
    const bool ended = container->processes == 0 && !container->kit;
    if (read.wait != 0 && !ended && !container->log.has_after(read.position)) {
        if (container->log_readers.size() == most_waiting) {
            return base::fail(Status::limit);
        }
        container->log_readers.push_back({read.position, TRY(request.defer())});
        return container::ReadLog::Reply{};
    }
    std::array<std::byte, container::ReadLog::reply_payload> text;
    std::size_t bytes = 0;
    const auto reply = TRY(manager_.read_log(*container, read.position, text, bytes));
    request.set_reply_payload(std::span{text}.first(bytes));
    return reply;
}

Result<container::AwaitHealth::Reply> ContainerService::handle(const container::AwaitHealth&,
                                                               ipc::Request& request) {
    Container* container = TRY(find(request));
    if (container->awaiting_health.size() == most_waiting) {
        return base::fail(Status::limit);
    }
    container->awaiting_health.push_back(TRY(request.defer()));
    manager_.answer_health(*container);
    return container::AwaitHealth::Reply{};
}

Result<container::Remove::Reply> ContainerService::handle(const container::Remove&,
                                                          ipc::Request& request) {
    Container* container = TRY(find(request));
    if (container->state == container::State::running || container->kit) {
        return base::fail(Status::busy);
    }
    manager_.forget_container(*container);
    return container::Remove::Reply{};
}

Result<container::Inspect::Reply> ContainerService::handle(const container::Inspect&,
                                                           ipc::Request& request) {
    const Container* container = TRY(find(request));
    const container::Info info = info_of(*container);
    std::string text = "name: " + container->name + "\nid: " + decimal(container->id) + "\n";
    if (const std::string around = manager_.around(*container); !around.empty()) {
        text += "inside: " + around + "\n";
    }
    text += "state: ";
    text += word_of(info.state);
    if (info.health != container::Health::none) {
        text += "\nhealth: ";
        text += word_of(info.health);
    }
    if (container->state == container::State::exited) {
        text += "\nend: " + end_of(*container);
        if (container->ended_by != container::nobody) {
            text += "\nended by: user " + decimal(container->ended_by);
        }
    }
    text += "\nstatus: " + decimal(info.status) + "\nfirst process: " + decimal(info.pid) +
            "\nprocesses: " + decimal(container->all_processes) + " of " +
            decimal(container->process_limit) +
            "\ndescriptors: " + decimal(container->descriptor_limit) +
            "\nrestarts: " + decimal(info.restarts) + "\nmemory: " + decimal(info.memory_bytes) +
            " of " + decimal(info.memory_limit) +
            "\ncpu ms: " + decimal(info.cpu_ns / rt::millisecond) + "\n";
    text += describe(container->plan);
    constexpr std::string_view rest = "left out: what does not fit\n";
    if (text.size() > container::Inspect::reply_payload) {
        text.resize(container::Inspect::reply_payload - rest.size());
        text.resize(text.rfind('\n') + 1);
        text += rest;
    }
    request.set_reply_payload(ipc::bytes(text));
    return container::Inspect::Reply{};
}

}  // namespace procmgr
