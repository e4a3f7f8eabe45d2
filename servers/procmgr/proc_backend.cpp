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
    fd_link,
    maps,
    root_link,
    stat,
    statm,
    status,
    task,
    thread,
    cpuinfo,
    filesystems,
    loadavg,
    meminfo,
    mount_info,
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
                                   Name{"mountinfo", mount_info},
                                   Name{"mounts", mounts},
                                   Name{"root", root_link},
                                   Name{"stat", stat},
                                   Name{"statm", statm},
                                   Name{"status", status},
                                   Name{"task", task}};
constexpr std::array thread_files{Name{"cmdline", cmdline}, Name{"comm", comm}, Name{"stat", stat},
                                  Name{"statm", statm}, Name{"status", status}};
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

fs_server::Inode inode_of(Pid pid, Kind kind, std::uint32_t which = 0) {
    return fs_server::Inode{(std::uint64_t{which} << 32) | (std::uint64_t{pid} << 8) | kind |
                            (pid == 0 && kind == directory ? 0x80U : 0U)};
}
static_assert(ProcessTable::max_pid < 1 << 24);
Pid pid_of(fs_server::Inode inode) { return static_cast<Pid>(inode.value() >> 8) & 0xffffff; }
// A thread's id, a descriptor's number; 0: there is only one.
std::uint32_t which_of(fs_server::Inode inode) {
    return static_cast<std::uint32_t>(inode.value() >> 32);
}
std::uint8_t kind_of(fs_server::Inode inode) {
    return static_cast<std::uint8_t>(inode.value() & 0x7f);
}

std::span<const Name> names_in(fs_server::Inode folder) {
    switch (kind_of(folder)) {
        case directory:
            return pid_of(folder) == 0 ? std::span<const Name>{system_files}
                                       : std::span<const Name>{process_files};
        case thread:            return thread_files;
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
        case thread:
        case sys:
        case sys_kernel:
        case sys_kernel_random:
        case sys_vm:            return fs::Kind::directory;
        case cwd:
        case exe:
        case fd_link:
        case root_link:         return fs::Kind::symbolic_link;
        default:                return fs::Kind::regular;
    }
}

// What the Linux library makes for its own process only.
bool is_its_own(std::uint8_t kind) { return kind == mount_info || kind == mounts || kind == uuid; }

// Of these Linux tells only who might also trace the process.
bool is_private(std::uint8_t kind) {
    return kind == cwd || kind == environ || kind == exe || kind == fd || kind == fd_link ||
           kind == maps || kind == root_link;
}

std::uint32_t mode_of(std::uint8_t kind) {
    switch (file_kind(kind)) {
        case fs::Kind::regular:   return is_private(kind) ? 0400 : 0444;
        case fs::Kind::directory: return is_private(kind) ? 0500 : 0555;
        default:                  return 0777;
    }
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
    attributes.mode = mode_of(kind_of(inode));
    if (kind_of(inode) == fd_link) {
        auto book = book_of(pid);
        const auto file = book ? book->descriptor(which_of(inode)) : std::nullopt;
        if (!file) {
            return base::fail(Status::not_found);
        }
        using Card = process::DescriptorCard;
        attributes.mode = ((file->access & Card::read) != 0 ? 0500 : 0) |
                          ((file->access & Card::write) != 0 ? 0300 : 0);
        attributes.size = 64;  // as Linux has it, whatever the length
    }
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
            return inode_of(pid, file.kind, which_of(place.directory));
        }
    }
    const auto number = parse_number(place.name);
    if (number && kind_of(place.directory) == fd && *number < ProcessBook::most_descriptors) {
        return inode_of(pid, fd_link, *number);  // whether it is open, its attributes tell
    }
    if (number && kind_of(place.directory) == task) {
        auto book = book_of(pid);
        if (book && book->thread(*number)) {
            return inode_of(pid, thread, *number);
        }
    }
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
        case fd:
        case task:              return inode_of(pid_of(inode), directory);
        case thread:            return inode_of(pid_of(inode), task);
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
    if (kind_of(directory_inode) == fd) {
        return list_descriptors(directory_inode, cursor, sink);
    }
    if (kind_of(directory_inode) == task) {
        return list_threads(directory_inode, cursor, sink);
    }
    const auto names = names_in(directory_inode);
    const Inode above = TRY(parent(directory_inode));
    for (std::uint64_t at = cursor; at < names.size() + 2; ++at) {
        const bool fixed = at >= 2;
        const Name entry = fixed ? names[at - 2] : Name{at == 0 ? "." : "..", directory};
        const Inode inode = fixed     ? inode_of(pid, entry.kind, which_of(directory_inode))
                            : at == 0 ? directory_inode
                                      : above;
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

// "." and ".." of a directory whose other entries begin with cursor 2. False: there is no more room.
static bool add_dots(ProcBackend::Inode own, ProcBackend::Inode above, std::uint64_t cursor,
                     fs_server::DirectorySink& sink) {
    return (cursor > 0 || sink.add({".", own, fs::Kind::directory, 1})) &&
           (cursor > 1 || sink.add({"..", above, fs::Kind::directory, 2}));
}

// Cursors after those: a descriptor's number and 3.
ProcBackend::Result<void> ProcBackend::list_descriptors(Inode folder, std::uint64_t cursor,
                                                        fs_server::DirectorySink& sink) {
    const Pid pid = pid_of(folder);
    auto book = book_of(pid);
    if (!add_dots(folder, TRY(parent(folder)), cursor, sink) || !book) {
        return {};
    }
    for (const std::uint32_t number : book->descriptors()) {
        const std::string name = decimal(number);
        if (number + 2 >= cursor && !sink.add({name, inode_of(pid, fd_link, number),
                                               fs::Kind::symbolic_link, number + 3})) {
            break;
        }
    }
    return {};
}

// Cursors after those: a thread's id and 3. Ids rise along the list.
ProcBackend::Result<void> ProcBackend::list_threads(Inode folder, std::uint64_t cursor,
                                                    fs_server::DirectorySink& sink) {
    const Pid pid = pid_of(folder);
    auto book = book_of(pid);
    if (!add_dots(folder, TRY(parent(folder)), cursor, sink) || !book) {
        return {};
    }
    for (const process::ThreadCard& card : book->threads()) {
        const std::string name = decimal(card.id);
        if (std::uint64_t{card.id} + 2 >= cursor &&
            !sink.add({name, inode_of(pid, thread, card.id), fs::Kind::directory,
                       std::uint64_t{card.id} + 3})) {
            break;
        }
    }
    return {};
}

std::optional<ProcessBook> ProcBackend::book_of(Pid pid) {
    Body* body = find(pid) == nullptr ? nullptr : manager_.body_of(pid);
    return body == nullptr ? std::nullopt : ProcessBook::open(*body);
}

bool ProcBackend::may_follow(Inode link, fs::Identity who) {
    const Process* process = find(pid_of(link));
    return process != nullptr && (who.user == 0 || who.user == process->identity.user);
}

std::string ProcBackend::link_target(Inode link) {
    const Process* process = find(pid_of(link));
    if (process == nullptr) {
        return {};
    }
    if (kind_of(link) == exe) {
        return process->executable;
    }
    auto book = book_of(process->pid);
    if (!book) {
        return {};
    }
    switch (kind_of(link)) {
        case cwd:       return book->directory();
        case root_link: return "/";
        case fd_link:
            return book->descriptor(which_of(link)).value_or(ProcessBook::Descriptor{}).text;
        default: return {};
    }
}

ProcBackend::Result<std::string_view> ProcBackend::read_link(Inode inode, std::span<char> buffer) {
    const std::string target = link_target(inode);
    if (target.empty()) {
        return base::fail(Status::not_found);
    }
    return std::string_view{buffer.data(), target.copy(buffer.data(), buffer.size())};
}

ProcBackend::Result<std::size_t> ProcBackend::read(Inode inode, std::uint64_t offset,
                                                   std::span<std::byte> buffer) {
    if (is_its_own(kind_of(inode))) {
        return base::fail(Status::access_denied);
    }
    Held& held = held_[inode.value()];
    if (offset == 0 || held.text.empty()) {
        held.text = text_of(inode);
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

std::string ProcBackend::text_of(Inode inode) {
    if (pid_of(inode) != 0) {
        return process_text(inode);
    }
    const std::uint8_t kind = kind_of(inode);
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
        case loadavg:     return loadavg_text(facts, manager_.load());
        case meminfo:     return meminfo_text(facts);
        case stat:        return system_stat_text(facts);
        case uptime:      return uptime_text(facts);
        case version:     return "CLUU version 1 (x86_64)\n";
        default:          return {};
    }
}

std::string ProcBackend::process_text(Inode inode) {
    const Pid pid = pid_of(inode);
    const Process* process = find(pid);
    if (process == nullptr) {
        return {};
    }
    const std::uint32_t thread = which_of(inode);
    switch (kind_of(inode)) {
        case authority: return authority_of(*process);
        case cmdline:   return process->life == Life::zombie ? std::string{} : process->arguments;
        case comm:      return facts_of(*process, thread).name + "\n";
        case environ:   {
            auto book = book_of(pid);
            return book ? book->environment() : std::string{};
        }
        case maps:   return maps_text(maps_of(pid));
        case stat:   return stat_text(facts_of(*process, thread));
        case statm:  return statm_text(facts_of(*process, thread));
        case status: return status_text(facts_of(*process, thread));
        default:     return {};
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

ProcessFacts ProcBackend::facts_of(const Process& process, std::uint32_t thread) {
    ProcessFacts facts;
    facts.process = &process;
    facts.id = process.pid;
    facts.name = process.name;
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
        constexpr std::uint32_t most_threads = 4096;
        facts.threads += std::min(body->signals().further_threads, most_threads);
    }
    if (thread != 0) {
        add_thread_facts(facts, thread);
    }
    return facts;
}

// One thread's instead of the process's. procmgr holds the first one only: that one shows the time of all.
void ProcBackend::add_thread_facts(ProcessFacts& facts, std::uint32_t thread) {
    auto book = book_of(facts.process->pid);
    if (const auto card = book ? book->thread(thread) : std::nullopt) {
        const std::string_view name{card->name, sizeof card->name};
        facts.name = name.substr(0, name.find('\0'));
    }
    if (thread != facts.id) {
        facts.id = thread;
        facts.usage.cpu_ns = 0;
        facts.on_cpu = false;
    }
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
    facts.busy_ns = manager_.busy_ns();
    manager_.table.for_each([&](const Process& process) {
        const bool seen = manager_.sees(container_, process);
        facts.processes += seen ? 1 : 0;
        facts.last_pid = seen ? std::max(facts.last_pid, process.pid) : facts.last_pid;
        if (const Body* body = manager_.body_of(process.pid)) {
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

}  // namespace procmgr
