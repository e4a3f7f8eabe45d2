// SPDX-License-Identifier: MIT
#include "servers/procmgr/proc_backend.hpp"

#include <algorithm>
#include <array>

#include "interfaces/system_names.hpp"
#include "libs/rt/clock.hpp"
#include "servers/procmgr/model/text.hpp"
#include "servers/procmgr/proc_cpu.hpp"

namespace procmgr {
namespace {

enum Kind : std::uint8_t {
    directory,
    authority,
    cmdline,
    comm,
    cwd,
    environ,
    exe,
    fd,
    maps,
    stat,
    statm,
    status,
    task,
    cpuinfo,
    filesystems,
    loadavg,
    meminfo,
    mounts,
    uptime,
    version,
    // /proc/sys, and below it by the names of its directories
    sys,
    sys_kernel,
    sys_kernel_random,
    sys_vm,
    last_capability,
    domain_name,
    host_name,
    system_release,
    system_type,
    most_pids,
    system_version,
    uuid,
    overcommit,
};

struct Name {
    std::string_view name;
    Kind kind;
};
constexpr std::array process_files{Name{"authority", authority},
                                   Name{"cmdline", cmdline},
                                   Name{"comm", comm},
                                   Name{"cwd", cwd},
                                   Name{"environ", environ},
                                   Name{"exe", exe},
                                   Name{"fd", fd},
                                   Name{"maps", maps},
                                   Name{"mounts", mounts},
                                   Name{"stat", stat},
                                   Name{"statm", statm},
                                   Name{"status", status},
                                   Name{"task", task}};
constexpr std::array system_files{
    Name{"cpuinfo", cpuinfo}, Name{"filesystems", filesystems}, Name{"loadavg", loadavg},
    Name{"meminfo", meminfo}, Name{"mounts", mounts},           Name{"stat", stat},
    Name{"sys", sys},         Name{"uptime", uptime},           Name{"version", version}};
constexpr std::array sys_files{Name{"kernel", sys_kernel}, Name{"vm", sys_vm}};
constexpr std::array kernel_files{
    Name{"cap_last_cap", last_capability}, Name{"domainname", domain_name},
    Name{"hostname", host_name},           Name{"osrelease", system_release},
    Name{"ostype", system_type},           Name{"pid_max", most_pids},
    Name{"random", sys_kernel_random},     Name{"version", system_version}};
constexpr std::array random_files{Name{"uuid", uuid}};
constexpr std::array vm_files{Name{"overcommit_memory", overcommit}};

constexpr std::size_t max_regions = 512;

fs_server::Inode inode_of(Pid pid, Kind kind) {
    return fs_server::Inode{(std::uint64_t{pid} << 8) | kind |
                            (pid == 0 && kind == directory ? 0x80U : 0U)};
}
Pid pid_of(fs_server::Inode inode) { return static_cast<Pid>(inode.value() >> 8); }
std::uint8_t kind_of(fs_server::Inode inode) {
    return static_cast<std::uint8_t>(inode.value() & 0x7f);
}

std::span<const Name> names_in(fs_server::Inode folder) {
    switch (kind_of(folder)) {
        case directory:
            return pid_of(folder) == 0 ? std::span<const Name>{system_files}
                                       : std::span<const Name>{process_files};
        case sys:               return sys_files;
        case sys_kernel:        return kernel_files;
        case sys_kernel_random: return random_files;
        case sys_vm:            return vm_files;
        default:                return {};
    }
}

fs::Kind file_kind(std::uint8_t kind) {
    switch (kind) {
        case directory:
        case fd:
        case task:
        case sys:
        case sys_kernel:
        case sys_kernel_random:
        case sys_vm:            return fs::Kind::directory;
        case cwd:
        case exe:               return fs::Kind::symbolic_link;
        default:                return fs::Kind::regular;
    }
}

// What only the process itself knows: its Linux library shows it these.
bool is_its_own(std::uint8_t kind) {
    return kind == cwd || kind == environ || kind == fd || kind == task || kind == mounts ||
           kind == uuid;
}

std::string line(std::string_view text) { return std::string{text} + '\n'; }

}  // namespace

// inode 0 means "none" to programs, so the root has a bit more.
ProcBackend::Inode ProcBackend::root() const { return inode_of(0, directory); }

ProcBackend::Result<fs::Attributes> ProcBackend::attributes(Inode inode) {
    const Pid pid = pid_of(inode);
    const Process* process = find(pid);
    if (pid != 0 && process == nullptr) {
        return base::fail(Status::not_found);
    }
    fs::Attributes attributes;
    attributes.inode = inode.value();
    attributes.kind = file_kind(kind_of(inode));
    attributes.mode = attributes.kind == fs::Kind::regular     ? 0444
                      : attributes.kind == fs::Kind::directory ? 0555
                                                               : 0777;
    attributes.links = attributes.kind == fs::Kind::directory ? 2 : 1;
    std::uint64_t born_ns = rt::wall_clock() - rt::now();
    if (process != nullptr) {
        attributes.user = process->identity.user;
        attributes.group = process->identity.group;
        born_ns += process->started_ns;
    }
    const fs::Timestamp born{static_cast<std::int64_t>(born_ns / rt::second),
                             static_cast<std::uint32_t>(born_ns % rt::second), 0};
    attributes.accessed = attributes.modified = attributes.changed = born;
    return attributes;
}

const Process* ProcBackend::find(Pid pid) {
    const Process* process = manager_.table.find(pid);
    return process != nullptr && manager_.sees(container_, *process) ? process : nullptr;
}

ProcBackend::Result<ProcBackend::Inode> ProcBackend::lookup(const fs_server::Place& place) {
    const Pid pid = pid_of(place.directory);
    const bool numbers = kind_of(place.directory) == directory;
    if (is_its_own(kind_of(place.directory))) {
        return base::fail(Status::access_denied);
    }
    for (const Name& file : names_in(place.directory)) {
        if (file.name == place.name) {
            return inode_of(pid, file.kind);
        }
    }
    const auto number = parse_number(place.name);
    if (pid == 0 && numbers && number && *number != 0 && find(*number) != nullptr) {
        return inode_of(*number, directory);
    }
    return base::fail(Status::not_found);
}

ProcBackend::Result<ProcBackend::Inode> ProcBackend::parent(Inode inode) {
    switch (kind_of(inode)) {
        case sys_kernel:
        case sys_vm:            return inode_of(0, sys);
        case sys_kernel_random: return inode_of(0, sys_kernel);
        default:                return root();
    }
}

// Cursors: 0 and 1 are "." and "..", then the fixed names, and from `first_process` on the processes
// by number, so that one that comes or goes meanwhile moves no other.
ProcBackend::Result<void> ProcBackend::list(Inode directory_inode, std::uint64_t cursor,
                                            fs_server::DirectorySink& sink) {
    constexpr std::uint64_t first_process = 64;
    const Pid pid = pid_of(directory_inode);
    if (is_its_own(kind_of(directory_inode))) {
        return base::fail(Status::access_denied);
    }
    const auto names = names_in(directory_inode);
    const Inode above = TRY(parent(directory_inode));
    for (std::uint64_t at = cursor; at < names.size() + 2; ++at) {
        const bool fixed = at >= 2;
        const Name entry = fixed ? names[at - 2] : Name{at == 0 ? "." : "..", directory};
        const Inode inode = fixed ? inode_of(pid, entry.kind) : at == 0 ? directory_inode : above;
        if (!sink.add({entry.name, inode, file_kind(entry.kind), at + 1})) {
            return {};
        }
    }
    if (pid != 0 || kind_of(directory_inode) != directory) {
        return {};
    }
    const std::uint64_t from = std::max(cursor, first_process) - first_process;
    const Pid below = from > ~Pid{0} ? ~Pid{0} : static_cast<Pid>(from);
    for (const Process* process = manager_.table.after(below); process != nullptr;
         process = manager_.table.after(process->pid)) {
        if (!manager_.sees(container_, *process)) {
            continue;
        }
        const std::string name = decimal(process->pid);
        if (!sink.add({name, inode_of(process->pid, directory), fs::Kind::directory,
                       first_process + process->pid})) {
            return {};
        }
    }
    return {};
}

ProcBackend::Result<std::string_view> ProcBackend::read_link(Inode inode, std::span<char> buffer) {
    if (is_its_own(kind_of(inode))) {
        return base::fail(Status::access_denied);
    }
    const Process* process = find(pid_of(inode));
    if (process == nullptr || process->executable.empty()) {
        return base::fail(Status::not_found);
    }
    const std::size_t length = std::min(process->executable.size(), buffer.size());
    std::copy_n(process->executable.data(), length, buffer.data());
    return std::string_view{buffer.data(), length};
}

ProcBackend::Result<std::size_t> ProcBackend::read(Inode inode, std::uint64_t offset,
                                                   std::span<std::byte> buffer) {
    if (is_its_own(kind_of(inode))) {
        return base::fail(Status::access_denied);
    }
    Held& held = held_[inode.value()];
    if (offset == 0 || held.text.empty()) {
        held.text = text_of(pid_of(inode), kind_of(inode));
    }
    const std::size_t start = std::min<std::uint64_t>(offset, held.text.size());
    const std::size_t count = std::min(held.text.size() - start, buffer.size());
    std::memcpy(buffer.data(), held.text.data() + start, count);
    return count;
}

void ProcBackend::release(Inode inode) {
    const auto found = held_.find(inode.value());
    if (found != held_.end() && --found->second.holders == 0) {
        held_.erase(found);
    }
}

ProcBackend::Result<fs_server::Usage> ProcBackend::usage() { return fs_server::Usage{.type = 3}; }

std::string ProcBackend::text_of(Pid pid, std::uint8_t kind) {
    if (pid != 0) {
        return process_text(pid, kind);
    }
    switch (kind) {
        case last_capability: return "40\n";
        case domain_name:     return line(system_names::domain);
        case host_name:       return line(system_names::node);
        case system_release:  return line(system_names::release);
        case system_type:     return line(system_names::system);
        case system_version:  return line(system_names::version);
        case most_pids:       return line(decimal(ProcessTable::max_pid + 1));
        case overcommit:      return "2\n";  // memory is never promised that may not be there
        default:              break;
    }
    const SystemFacts facts = system_facts();
    switch (kind) {
        case cpuinfo:     return cpuinfo_text();
        case filesystems: return "\text2\nnodev\ttmpfs\nnodev\tproc\n";
        case loadavg:
            load_.update(facts.uptime_ns, facts.busy_ns);
            return loadavg_text(facts, load_);
        case meminfo: return meminfo_text(facts);
        case stat:    return system_stat_text(facts);
        case uptime:  return uptime_text(facts);
        case version: return "CLUU version 1 (x86_64)\n";
        default:      return {};
    }
}

std::string ProcBackend::process_text(Pid pid, std::uint8_t kind) {
    const Process* process = find(pid);
    if (process == nullptr) {
        return {};
    }
    switch (kind) {
        case authority: return authority_of(*process);
        case cmdline:   return process->life == Life::zombie ? std::string{} : process->arguments;
        case comm:      return process->name + "\n";
        case maps:      return maps_text(maps_of(pid));
        case stat:      return stat_text(facts_of(*process));
        case statm:     return statm_text(facts_of(*process));
        case status:    return status_text(facts_of(*process));
        default:        return {};
    }
}

std::string ProcBackend::authority_of(const Process& process) {
    constexpr abi::CapIndex most_slots = 512;  // what is beyond is not worth the time that it takes
    const Container* container = manager_.container_of(process);
    const Body* body = manager_.body_of(process.pid);
    if (container == nullptr || body == nullptr) {
        return process.name + ": nothing any more\n";
    }
    AuthorityFacts facts{.process = &process,
                         .plan = &container->plan,
                         .note = &container->command_line,
                         .container = container->name,
                         .around = manager_.around(*container),
                         .memory_bytes = manager_.memory_of(*container),
                         .memory_limit = container->memory_limit,
                         .disk_limit = container->plan.disk_limit,
                         .processes = container->all_processes,
                         .process_limit = container->process_limit,
                         .descriptor_limit = container->descriptor_limit,
                         .has_view = static_cast<bool>(body->view.ref())};
    if (container->disk) {
        const auto usage = container->disk->query();
        facts.disk_bytes = usage ? usage->charged : 0;
    }
    for (abi::CapIndex slot = 1; slot < most_slots; ++slot) {
        const auto info = body->table->query(slot);
        if (info && info->type < abi::ObjectType::count_end) {
            ++facts.held[static_cast<std::size_t>(info->type)];
        }
    }
    return authority_text(facts);
}

ProcessFacts ProcBackend::facts_of(const Process& process) {
    ProcessFacts facts;
    facts.process = &process;
    facts.usage = manager_.usage_of(process);
    facts.virtual_bytes = virtual_bytes_of(process.pid);
    if (const Container* container = manager_.container_of(process)) {
        facts.container = {.name = container->name,
                           .image = container->plan.image,
                           .memory_bytes = manager_.memory_of(*container),
                           .memory_limit = container->memory_limit};
    }
    if (manager_.has_terminal(process)) {
        facts.terminal = manager_.session_of(process.session)->device;
    }
    if (const Body* body = manager_.body_of(process.pid)) {
        facts.pending_signals = body->signals().pending;
        const auto info = body->thread->query();
        facts.on_cpu = info && (info->state == abi::ThreadState::ready ||
                                info->state == abi::ThreadState::running);
    }
    return facts;
}

SystemFacts ProcBackend::system_facts() {
    SystemFacts facts;
    facts.uptime_ns = rt::now();
    facts.boot_seconds = (rt::wall_clock() - facts.uptime_ns) / rt::second;
    facts.total_bytes = manager_.given.boot->memory_bytes;
    if (const auto usage = ipc::own_bank()->query()) {
        facts.free_bytes = usage->machine_free;
    }
    if (const abi::TimePage* clock = rt::clock_page()) {
        facts.cpus = clock->cpus;
    }
    facts.busy_ns = manager_.ended_cpu_ns();
    manager_.table.for_each([&](const Process& process) {
        const bool seen = manager_.sees(container_, process);
        facts.processes += seen ? 1 : 0;
        facts.last_pid = seen ? std::max(facts.last_pid, process.pid) : facts.last_pid;
        if (const Body* body = manager_.body_of(process.pid)) {
            facts.busy_ns += manager_.usage_of(process).cpu_ns;
            const auto info = body->thread->query();
            facts.running += seen && info &&
                                     (info->state == abi::ThreadState::ready ||
                                      info->state == abi::ThreadState::running)
                                 ? 1
                                 : 0;
        }
    });
    facts.created = manager_.processes_created();
    return facts;
}

std::vector<MapLine> ProcBackend::maps_of(Pid pid) {
    std::vector<MapLine> lines;
    const Body* body = manager_.body_of(pid);
    std::uint64_t at = 0;
    for (std::size_t i = 0; body != nullptr && i < 2 * max_regions; ++i) {
        const auto region = body->space->query(at);
        if (!region || (!region->mapped && region->start <= at)) {
            break;
        }
        if (region->mapped) {
            lines.push_back({.start = region->start,
                             .length = region->length,
                             .read = (region->flags & abi::MapFlags::read) != 0,
                             .write = (region->flags & abi::MapFlags::write) != 0,
                             .execute = (region->flags & abi::MapFlags::execute) != 0,
                             .shared = (region->flags & abi::MapFlags::on_clone_share) != 0});
        }
        at = region->mapped ? region->start + region->length : region->start;
    }
    return lines;
}

std::uint64_t ProcBackend::virtual_bytes_of(Pid pid) {
    std::uint64_t bytes = 0;
    for (const MapLine& line : maps_of(pid)) {
        bytes += line.length;
    }
    return bytes;
}

fs::Timestamp ProcHost::now() const {
    const std::uint64_t ns = rt::wall_clock();
    return {static_cast<std::int64_t>(ns / rt::second), static_cast<std::uint32_t>(ns % rt::second),
            0};
}

fs_server::Result<ipc::Capability<fs::File>> ProcHost::mint_file(std::uint64_t badge) {
    auto minted = ipc::mint<fs::File>(
        endpoint_,
        {.badge = badge, .rights = abi::EndpointRights::call, .flags = abi::MintFlags::drop_guard});
    if (!minted) {
        return base::fail(ipc::to_status(minted.error()));
    }
    return std::move(*minted);
}

fs_server::Result<ipc::Capability<fs::Directory>> ProcHost::mint_root(std::uint64_t badge) {
    auto minted = ipc::mint<fs::Directory>(
        endpoint_,
        {.badge = badge, .rights = abi::EndpointRights::call, .flags = abi::MintFlags::drop_guard});
    if (!minted) {
        return base::fail(ipc::to_status(minted.error()));
    }
    return std::move(*minted);
}

}  // namespace procmgr
