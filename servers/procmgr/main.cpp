// SPDX-License-Identifier: MIT
// procmgr: processes, containers, sessions, signals; and /proc.
//
// Capabilities: "endpoint" (receive, mint), "names" (names::Manager), "power" (device::Bus that may
// switch the machine off), "terminals" (tty::Terminals), "archive", "boot-info", "time-page", "log".
//
// Argument: the server whose end is the reason why procmgr was started again, if it was.
//
// Who calls whom is told in outside.hpp: the thread that runs here answers everybody and calls nobody.
#include <algorithm>

#include "libs/process/archive.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/mapping.hpp"
#include "libs/rt/start_info.hpp"
#include "servers/procmgr/server.hpp"

namespace procmgr {
namespace {

constexpr std::string_view library_file = "/lib/linux.elf";
constexpr std::string_view table_file = "/etc/procmgr.table";
constexpr std::uint64_t smallest_reserve = 4 << 20;

// What a mapping of a whole Memory holds.
std::span<const std::byte> map_all(ipc::Ref<ipc::Memory> memory, std::string_view what) {
    const auto info = memory->query();
    auto mapping = info ? rt::map(memory, {.length = info->bytes, .flags = abi::MapFlags::read})
                        : ipc::KernelResult<rt::Mapping>{base::fail(info.error())};
    if (!mapping) {
        rt::log(what, " cannot be mapped: ", mapping.error());
        rt::panic("procmgr cannot start");
    }
    return mapping->keep();
}

// The Linux library: one copy, of which every process maps its own.
loader::LoadedImage load_library(const loader::Archive& archive) {
    const auto file = archive.find(library_file);
    if (!file) {
        rt::log(library_file, " is missing from the archive");
        rt::panic("no program could be started");
    }
    auto library =
        loader::LoadedImage::load(*file, ipc::own_bank(), process::linux_base, beyond_library);
    if (!library) {
        rt::log(library_file, ": ", library.error().text());
        rt::panic("no program could be started");
    }
    return std::move(*library);
}

// Containers get what there is, but for a reserve with which procmgr goes on working when they have
// used it all up.
ipc::Capability<ipc::Bank> containers_bank() {
    const auto usage = ipc::own_bank()->query();
    if (!usage) {
        rt::panic("procmgr's bank does not answer");
    }
    const std::uint64_t all = std::min(usage->limit, usage->charged + usage->machine_free);
    const std::uint64_t reserve = std::max(all / 16, smallest_reserve);
    auto bank = ipc::own_bank()->create_bank(all > 2 * reserve ? all - reserve : all / 2);
    if (!bank) {
        rt::panic("no bank for containers");
    }
    return std::move(*bank);
}

// Views are derived from what is mounted, so /proc comes before the first container.
Task start_all(Manager& manager, ProcHost& host, std::uint64_t badge, StartTable entries,
               std::string_view command_line, std::string_view ended) {
    const auto root = host.mint_root(badge);
    if (root) {
        const auto mounted = co_await manager.outside.call(
            manager.given.names, names::Mount{.replaceable = 1},
            {.payload = ipc::bytes("/proc"), .capabilities = {*root}});
        if (!mounted) {
            rt::log("/proc cannot be mounted: ", mounted.error());
        }
    }
    std::string notice;
    if (!ended.empty()) {
        notice = "\nThe system's server ";
        notice += ended;
        notice += " has ended and was started again. All sessions have ended with it.\n";
    }
    manager.run_start_table(entries, command_line, notice);
}

}  // namespace
}  // namespace procmgr

void server_main(const rt::StartInfo& start) {
    using namespace procmgr;
    Surroundings given{.endpoint = start.require<ipc::Endpoint>("endpoint"),
                       .names = start.require<names::Manager>("names"),
                       .power = start.capability<device::Bus>("power"),
                       .terminals = start.capability<tty::Terminals>("terminals"),
                       .time_page = start.require<ipc::Memory>("time-page"),
                       .log = start.capability<ipc::Log>("log")};
    given.boot = reinterpret_cast<const abi::BootInfo*>(
        map_all(start.require<ipc::Memory>("boot-info"), "boot information").data());
    const loader::Archive archive{map_all(start.require<ipc::Memory>("archive"), "the archive")};

    const loader::LoadedImage library = load_library(archive);
    Manager manager{given, library, containers_bank()};
    const auto done = ipc::own_bank()->create_notification();
    if (!done || !ipc::own_thread()->bind_notification(*done) || !manager.outside.start(*done)) {
        rt::panic("procmgr's threads cannot be started");
    }
    ProcHost host{given.endpoint};
    Server server{manager, host};

    StartTable entries;
    if (const auto text = archive.find(table_file)) {
        entries = parse_start_table(ipc::text(*text));
    } else {
        rt::log(table_file, " is missing from the archive: nothing is started");
    }
    const std::string_view whole{given.boot->command_line, sizeof given.boot->command_line};
    const std::string_view command_line = whole.substr(0, whole.find('\0'));
    start_all(manager, host, server.proc_root_badge(), std::move(entries), command_line,
              start.argument(0));
    const abi::Error why = ipc::serve<Server::Protocol>(given.endpoint, server);
    rt::log("cannot receive: ", why);
}
