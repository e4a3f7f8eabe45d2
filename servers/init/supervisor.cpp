// SPDX-License-Identifier: MIT
#include "servers/init/supervisor.hpp"

#include <algorithm>
#include <ranges>

#include "libs/process/fault_text.hpp"
#include "libs/process/hosted_program.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"

namespace init {
namespace {

constexpr std::string_view linux_library = "lib/linux.elf";
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
    std::vector<std::string_view> arguments{entry.arguments.begin(), entry.arguments.end()};
    if (!server.cause.empty() && !entry.hosted) {
        arguments.push_back(server.cause);
    }
    const GrantSet set = authority_.collect(entry);
    const std::uint64_t all = TRY(ipc::own_bank()->query()).limit;
    const loader::ProgramSpec spec{
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
    };
    return entry.hosted ? launch_hosted(spec, server) : loader::start_program(spec);
}

// The badge of its capabilities is its place in the table, as for faults.
loader::LoadResult<loader::Program> Supervisor::launch_hosted(const loader::ProgramSpec& spec,
                                                              const Running& server) {
    const auto library = archive_.find(linux_library);
    if (!library) {
        rt::log("there is no ", linux_library, " in the archive");
        return base::fail(loader::LoadFailure{loader::ElfError::not_elf});
    }
    const ipc::MintOptions options{.badge = spec.fault_badge, .rights = abi::EndpointRights::call};
    const auto executable = TRY(ipc::mint<fs::File>(endpoint_, options));
    const auto process = TRY(ipc::mint<process::Process>(endpoint_, options));
    return loader::start_hosted_program({.program = spec,
                                         .path = server.entry.file,
                                         .library = *library,
                                         .executable = executable,
                                         .process = process});
}

Supervisor::Running* Supervisor::server_of(const ipc::Request& request) {
    return request.badge() < servers_.size() ? &servers_[request.badge()] : nullptr;
}

ipc::Result<process::Exit::Reply> Supervisor::handle(const process::Exit& exit,
                                                     ipc::Request& request) {
    if (Running* server = server_of(request)) {
        rt::log(server->entry.name, " ended with status ", exit.status >> 8);
        bury(*server, exit.status != 0);
    }
    return base::fail(ipc::Status::closed);  // nobody is left to hear it
}

ipc::Result<process::ReportMissing::Reply> Supervisor::handle(const process::ReportMissing& missing,
                                                              ipc::Request& request) {
    if (const Running* server = server_of(request)) {
        rt::log(server->entry.name, ": there is no Linux system call ", missing.number);
    }
    return process::ReportMissing::Reply{};
}

ipc::Result<fs::Read::Reply> Supervisor::handle(const fs::Read& read, ipc::Request& request) {
    const Running* server = server_of(request);
    const auto file = server != nullptr ? archive_.find(server->entry.file) : std::nullopt;
    if (!file || read.offset > file->size()) {
        return base::fail(ipc::Status::invalid);
    }
    const auto rest = file->subspan(read.offset);
    request.set_reply_payload(
        rest.first(std::min({rest.size(), std::size_t{read.length}, abi::message_bytes})));
    return fs::Read::Reply{};
}

ipc::Result<fs::GetAttributes::Reply> Supervisor::handle(const fs::GetAttributes&,
                                                         ipc::Request& request) {
    const Running* server = server_of(request);
    const auto file = server != nullptr ? archive_.find(server->entry.file) : std::nullopt;
    if (!file) {
        return base::fail(ipc::Status::invalid);
    }
    request.set_reply_object(
        fs::Attributes{.size = file->size(), .mode = 0755, .kind = fs::Kind::regular, .links = 1});
    return fs::GetAttributes::Reply{};
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

void Supervisor::end(Running& server) {
    if (server.program.bank) {
        (void)server.program.bank->destroy();
        server.program = {};
    }
}

// Ends what is left of it, and decides whether it comes back.
void Supervisor::bury(Running& server, bool failed) {
    end(server);
    const std::uint64_t now = rt::now();
    server.deaths = now - server.started > ran_well ? 1 : server.deaths + 1;
    if (!failed || server.deaths > server.entry.restarts) {
        authority_.close_services(server.entry);
        return;
    }
    server.due = now + pause_after(server.deaths);
    server.cause = server.entry.name;
    end_with(server);
}

void Supervisor::end_with(const Running& dead) {
    for (Running& server : std::views::reverse(servers_)) {
        const bool lives = server.program.bank || server.due != ipc::no_deadline;
        if (lives && std::ranges::contains(server.entry.needs, dead.entry.name)) {
            end(server);
            server.due = dead.due;
            server.cause = dead.entry.name;
        }
    }
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
