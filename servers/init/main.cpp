// SPDX-License-Identifier: MIT
//
// init: the first process. It reads who is to be started from the archive, starts each with what the table grants it, and
// keeps them running. It serves no protocol: the only messages it gets are the deaths of its children.

#include "libs/rt/log.hpp"
#include "libs/rt/mapping.hpp"
#include "servers/init/supervisor.hpp"

namespace {

// Maps a boot object for good; init cannot do without.
std::span<const std::byte> map_boot_object(const rt::StartInfo& start, std::string_view name) {
    const auto memory = start.require<ipc::Memory>(name);
    const auto info = memory->query();
    if (!info) {
        rt::panic("cannot look at a boot object");
    }
    auto mapping = rt::map(memory, {.length = info->bytes, .flags = abi::MapFlags::read});
    if (!mapping) {
        rt::panic("cannot map a boot object");
    }
    return mapping->keep();
}

}  // namespace

void server_main(const rt::StartInfo& start) {
    const auto& boot =
        *reinterpret_cast<const abi::BootInfo*>(map_boot_object(start, "boot-info").data());
    const auto archive_bytes = map_boot_object(start, "archive");
    const loader::Archive archive{
        archive_bytes.first(std::min(boot.archive_bytes, archive_bytes.size()))};

    const auto text = archive.find("etc/init.table");
    if (!text) {
        rt::panic("the initial archive has no etc/init.table");
    }
    const std::string_view line{boot.command_line, sizeof boot.command_line};
    init::Table table = init::parse_table(ipc::text(*text), line.substr(0, line.find(char{0})));
    for (const std::string& complaint : table.complaints) {
        rt::log("etc/init.table, ", complaint);
    }
    auto endpoint = ipc::own_bank()->create_endpoint();
    if (!endpoint) {
        rt::panic("no memory");
    }
    init::Authority authority{start, boot};
    init::Supervisor supervisor{std::move(table.servers), archive, authority, *endpoint,
                                start.require<ipc::Memory>("time-page")};
    supervisor.start_all();
    const abi::Error why = ipc::serve<init::Supervisor::Protocol>(*endpoint, supervisor);
    rt::log("cannot receive: ", why);
}
