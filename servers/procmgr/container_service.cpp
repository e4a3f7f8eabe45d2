// SPDX-License-Identifier: MIT
#include "servers/procmgr/container_service.hpp"

#include <algorithm>

#include "libs/base/align.hpp"
#include "libs/rt/clock.hpp"
#include "servers/procmgr/model/text.hpp"

namespace procmgr {
namespace {

bool sees(const Process& process, const Container& container) {
    return process.identity.user == 0 || process.identity.user == container.user;
}

std::string_view status_word(const Container& container) {
    return container.state == container::State::running ? "running" : "exited";
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
    if (manager_.container_name_taken(name)) {
        return base::fail(Status::exists);
    }
    Body& body = *manager_.body_of(process->pid);
    body.next = {.configured = true, .name = name, .memory_limit = next.memory_limit};
    return container::ConfigureNext::Reply{};
}

container::Info ContainerService::info_of(const Container& container) {
    container::Info info;
    info.state = container.state;
    info.id = container.id;
    info.pid = container.main;
    info.processes = container.processes;
    info.status = container.status;
    info.restarts = container.restarts;
    info.started_ns = container.started_ns;
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
        const bool shown = list.all != 0 || container.state == container::State::running;
        if (!shown || container.forgotten || !sees(*process, container)) {
            continue;
        }
        container::Info info = info_of(container);
        const std::size_t names = container.name.size() + container.plan.image.size() + 2;
        const std::size_t length = base::align_up(sizeof info + names, 8);
        if (out.size() + length > container::List::reply_payload) {
            reply.next = container.id;
            break;
        }
        info.record_length = static_cast<std::uint16_t>(length);
        const std::size_t start = out.size();
        out.resize(start + length);
        std::memcpy(out.data() + start, &info, sizeof info);
        std::memcpy(out.data() + start + sizeof info, container.name.c_str(),
                    container.name.size() + 1);
        std::memcpy(out.data() + start + sizeof info + container.name.size() + 1,
                    container.plan.image.c_str(), container.plan.image.size() + 1);
        ++reply.count;
    }
    request.set_reply_payload(out);
    return reply;
}

Result<container::Stop::Reply> ContainerService::handle(const container::Stop& stop,
                                                        ipc::Request& request) {
    Container* container = TRY(find(request));
    if (container->processes != 0) {
        // Reserved before anything ends: what ends is answered.
        container->stoppers.push_back(TRY(request.defer()));
    }
    manager_.stop_container(*container, stop.grace_ns);
    return container::Stop::Reply{};
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
    text += describe(container->plan);
    text += "state: ";
    text += status_word(*container);
    text += "\nstatus: " + decimal(info.status) + "\nfirst process: " + decimal(info.pid) +
            "\nprocesses: " + decimal(container->all_processes) + " of " +
            decimal(container->process_limit) + "\nrestarts: " + decimal(info.restarts) +
            "\nmemory: " + decimal(info.memory_bytes) + " of " + decimal(info.memory_limit) +
            "\ncpu ms: " + decimal(info.cpu_ns / rt::millisecond) + "\n";
    request.set_reply_payload(
        ipc::bytes(std::string_view{text}.substr(0, container::Inspect::reply_payload)));
    return container::Inspect::Reply{};
}

}  // namespace procmgr
