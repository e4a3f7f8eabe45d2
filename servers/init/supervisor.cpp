// SPDX-License-Identifier: MIT
#include "servers/init/supervisor.hpp"

#include <algorithm>

#include "libs/process/fault_text.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"

namespace init {
namespace {

constexpr std::uint64_t first_pause = 50 * rt::millisecond;
constexpr std::uint64_t longest_pause = 10 * rt::second;
constexpr std::uint64_t ran_well = 30 * rt::second;

std::uint64_t pause_after(std::uint32_t deaths) {
    return std::min(first_pause << std::min(deaths - 1, 10U), longest_pause);
}

}  // namespace

Supervisor::Supervisor(std::vector<ServerEntry> servers, loader::Archive archive,
                       Authority& authority, ipc::Ref<ipc::Endpoint> endpoint,
                       ipc::Ref<ipc::Memory> time_page)
    : archive_(archive), authority_(authority), endpoint_(endpoint), time_page_(time_page) {
    servers_.reserve(servers.size());
    for (ServerEntry& entry : servers) {
        servers_.push_back({.entry = std::move(entry)});
    }
}

void Supervisor::start_all() {
    for (Running& server : servers_) {
        start(server);
    }
}

void Supervisor::start(Running& server) {
    server.due = ipc::no_deadline;
    server.started = rt::now();
    auto program = launch(server);
    if (!program) {
        rt::log("cannot start ", server.entry.name, ": ", program.error().text());
        bury(server, true);
        return;
    }
    server.program = std::move(*program);
}

loader::LoadResult<loader::Program> Supervisor::launch(const Running& server) {
    const ServerEntry& entry = server.entry;
    const auto file = archive_.find(entry.file);
    if (!file) {
        rt::log("there is no ", entry.file, " in the archive");
        return base::fail(loader::LoadFailure{loader::ElfError::not_elf});
    }
    const std::vector<std::string_view> arguments{entry.arguments.begin(), entry.arguments.end()};
    const GrantSet set = authority_.collect(entry);
    const std::uint64_t all = TRY(ipc::own_bank()->query()).limit;
    return loader::start_program({
        .name = entry.name,
        .file = *file,
        .arguments = arguments,
        .grants = set.grants,
        .memory_limit = std::min(entry.memory, all),
        .priority = entry.priority,
        .bank = ipc::own_bank(),
        .sched_context = ipc::own_sched_context(),
        .time_page = time_page_,
        .fault_handler = endpoint_,
        .fault_badge = static_cast<std::uint64_t>(&server - servers_.data()),
    });
}

ipc::FaultAction Supervisor::on_fault(const ipc::Fault& fault, ipc::Request&) {
    if (fault.badge >= servers_.size()) {
        return ipc::FaultAction::leave;
    }
    Running& server = servers_[fault.badge];
    const auto status = loader::exit_status(fault);
    if (status) {
        rt::log(server.entry.name, " ended with status ", *status);
    } else {
        rt::Line text;
        loader::describe(fault, text);
        rt::log(server.entry.name, ": ", text.text());
    }
    bury(server, status != 0);
    return ipc::FaultAction::leave;
}

// Ends what is left of it, and decides whether it comes back.
void Supervisor::bury(Running& server, bool failed) {
    if (server.program.bank) {
        (void)server.program.bank->destroy();
        server.program = {};
    }
    const std::uint64_t now = rt::now();
    server.deaths = now - server.started > ran_well ? 1 : server.deaths + 1;
    if (!failed || server.deaths > server.entry.restarts) {
        return;
    }
    server.due = now + pause_after(server.deaths);
}

std::uint64_t Supervisor::deadline() const {
    std::uint64_t first = ipc::no_deadline;
    for (const Running& server : servers_) {
        first = std::min(first, server.due);
    }
    return first;
}

void Supervisor::on_deadline() {
    const std::uint64_t now = rt::now();
    for (Running& server : servers_) {
        if (server.due <= now) {
            rt::log("starting ", server.entry.name, " again");
            start(server);
        }
    }
}

}  // namespace init
