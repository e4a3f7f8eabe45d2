// SPDX-License-Identifier: MIT
// Manager: who a process is, and the services of the start table, of which one decides that
// (docs/decisions/who-may-become-whom.md).
#include <algorithm>

#include "libs/rt/log.hpp"
#include "servers/procmgr/manager.hpp"

namespace procmgr {

// The view carries the effective identity, so a new one is a new view of the same names.
Async<Result<void>> Manager::change_identity(Pid pid, std::uint32_t serial, Identities to) {
    Body* body = body_of(pid, serial);
    const Identity identity = to.effective;
    if (body->view.ref()) {
        const auto old_view = ipc::copy(body->view.ref());
        if (!old_view) {
            co_return base::fail(ipc::to_status(old_view.error()));
        }
        const auto rules = mount_rules(Plan{
            .mounts = {{"/", cluufile::MountMode::inherit},
                       {std::string{cluufile::processes_path}, cluufile::MountMode::inherit}}});
        auto derived = co_await outside.call(
            given.names,
            names::Derive{.identity = {identity.user, identity.group}, .set_identity = 1},
            {.payload = *rules, .capabilities = {*old_view}});
        if (!derived) {
            co_return base::fail(ipc::to_status(derived.error()));
        }
        body = body_of(pid, serial);
        if (body == nullptr) {
            co_return base::fail(Status::no_process);
        }
        body->view = SharedView{derived->take<names::View>()};
        (void)body->table->remove(process::own_view);
        const auto placed =
            body->table->copy(body->view.ref(), abi::EndpointRights::call, process::own_view);
        if (!placed) {
            co_return base::fail(ipc::to_status(placed.error()));
        }
    }
    Process* process = table.find(pid);
    process->set_identities(to);
    publish_identity(*process);
    co_return Result<void>{};
}

Result<ipc::Capability<ipc::Any>> Manager::reach_service(std::string_view name, Badge client) {
    const auto found = std::ranges::find_if(entries_, [name](const Entry& entry) {
        return entry.entry.is_service && entry.entry.image == name;
    });
    if (found == entries_.end()) {
        return base::fail(Status::not_found);
    }
    if (!found->endpoint) {
        auto endpoint = ipc::own_bank()->create_endpoint();
        if (!endpoint) {
            return base::fail(ipc::to_status(endpoint.error()));
        }
        found->endpoint = std::move(*endpoint);
        start_entry(static_cast<int>(found - entries_.begin()));
    }
    auto minted = ipc::mint<ipc::Any>(found->endpoint.ref(),
                                      {.badge = client.raw(), .rights = abi::EndpointRights::call});
    if (!minted) {
        return base::fail(ipc::to_status(minted.error()));
    }
    return std::move(*minted);
}

bool Manager::is_service(const Process& process) {
    const Container* container = container_of(process);
    return container != nullptr && is_service(*container);
}

bool Manager::is_service(const Container& container) const {
    return container.start_entry >= 0 &&
           entries_[static_cast<std::size_t>(container.start_entry)].entry.is_service;
}

}  // namespace procmgr
