// SPDX-License-Identifier: MIT
//
// init: the first process. It reads who is to be started from the archive, starts each with what the table grants it, and
// keeps them running. It serves no protocol: the only messages it gets are the deaths of its children.

#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/mapping.hpp"
#include "servers/init/real_time_clock.hpp"
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

std::uint8_t read_cmos(ipc::Ref<ipc::IoPorts> ports, std::uint8_t number) {
    constexpr std::uint16_t index_port = 0x70;
    constexpr std::uint16_t data_port = 0x71;
    constexpr std::uint8_t nmi_off = 0x80;
    (void)ports->out(index_port, static_cast<std::uint8_t>(number | nmi_off));
    return ports->in<std::uint8_t>(data_port).value_or(0);
}

// What time it was when the monotonic clock began: nobody else runs yet, and nobody can write the page after this.
ipc::KernelResult<void> set_wall_clock(const rt::StartInfo& start) {
    const auto ports = start.require<ipc::IoPorts>("io-ports");
    const auto page = start.require<ipc::Memory>("time-page");
    const auto registers = init::read_clock_registers(
        [ports](std::uint8_t number) { return read_cmos(ports, number); });
    const std::uint64_t base = init::seconds_since_1970(registers) * rt::second - rt::now();
    TRY(page->write(offsetof(abi::TimePage, wall_ns_base), std::as_bytes(std::span{&base, 1})));
    auto readable = TRY(ipc::copy(page, abi::MemoryRights::read));
    TRY(ipc::own_table()->remove(page.index()));
    TRY(ipc::own_table()->move(std::move(readable), page.index()));
    return {};
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
    if (!set_wall_clock(start)) {
        rt::panic("cannot set the wall clock");
    }
    init::Authority authority{start, boot};
    init::Supervisor supervisor{std::move(table.servers), archive, authority, *endpoint,
                                start.require<ipc::Memory>("time-page")};
    supervisor.start_all();
    const abi::Error why = ipc::serve<init::Supervisor::Protocol>(*endpoint, supervisor);
    rt::log("cannot receive: ", why);
}
