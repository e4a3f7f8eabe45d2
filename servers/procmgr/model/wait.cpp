// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/wait.hpp"

#include <algorithm>

namespace procmgr {
namespace {

using process::Wait;

bool selects(const WaitRequest& request, const Process& parent, const Process& child) {
    if (request.pid > 0) {
        return child.pid == static_cast<Pid>(request.pid) && has_started(child, request.started_ns);
    }
    if (request.pid == 0) {
        return child.group == parent.group;
    }
    // The negation of the smallest number has no positive counterpart; unsigned arithmetic has.
    return request.pid == -1 || child.group == 0U - static_cast<std::uint32_t>(request.pid);
}

WaitEvent event_of(const WaitRequest& request, const Process& child) {
    WaitEvent event;
    event.reply.pid = child.pid;
    event.reply.user = child.identity.user;
    if (child.life == Life::zombie && (request.options & Wait::exited) != 0) {
        event.kind = WaitEvent::Kind::ended;
        event.reply.status = child.exit_status;
        event.reply.user_ns = child.usage.cpu_ns;
        event.reply.peak_bytes = child.usage.peak_bytes;
    } else if (child.news == News::stopped && (request.options & Wait::stopped) != 0) {
        event.kind = WaitEvent::Kind::stopped;
        event.reply.status = status_of_stop(child.stop_signal);
    } else if (child.news == News::continued && (request.options & Wait::continued) != 0) {
        event.kind = WaitEvent::Kind::continued;
        event.reply.status = status_of_continue;
    }
    return event;
}

}  // namespace

Result<WaitEvent> look(const ProcessTable& table, Pid parent, const WaitRequest& request) {
    const Process* own = table.find(parent);
    if (own == nullptr) {
        return base::fail(Status::no_process);
    }
    bool any = false;
    const bool one = request.pid > 0;
    const auto next = [&](const Process& child) { return one ? nullptr : table.after(child.pid); };
    for (const Process* child = one ? table.find(static_cast<Pid>(request.pid)) : table.after(0);
         child != nullptr; child = next(*child)) {
        if (child->parent != parent || child->pid == parent || !selects(request, *own, *child)) {
            continue;
        }
        any = true;
        const WaitEvent event = event_of(request, *child);
        if (event.kind != WaitEvent::Kind::none) {
            return event;
        }
    }
    if (!any) {
        return base::fail(Status::no_child);
    }
    return WaitEvent{};
}

void consume(ProcessTable& table, Pid parent, const WaitRequest& request, const WaitEvent& event) {
    Process* own = table.find(parent);
    Process* child = table.find(event.reply.pid);
    if ((request.options & Wait::keep) != 0 || own == nullptr || child == nullptr) {
        return;
    }
    if (event.kind != WaitEvent::Kind::ended) {
        child->news = News::none;
        return;
    }
    own->children_usage.cpu_ns += child->usage.cpu_ns + child->children_usage.cpu_ns;
    own->children_usage.peak_bytes =
        std::max({own->children_usage.peak_bytes, child->usage.peak_bytes,
                  child->children_usage.peak_bytes});
    table.remove(child->pid);
}

std::uint32_t checked_exit_status(std::uint32_t claimed) {
    const std::uint32_t signal = claimed & 0x7f;
    if (signal == 0) {
        return claimed & 0xff00;
    }
    // Ended by a signal that the library carried out; 0x7f would read as "stopped".
    return signal == 0x7f ? status_of_exit(255) : claimed & 0xff;
}

}  // namespace procmgr
