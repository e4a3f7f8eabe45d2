// SPDX-License-Identifier: MIT
#include "servers/init/authority.hpp"

#include "libs/base/align.hpp"
#include "libs/rt/log.hpp"

namespace init {

GrantSet Authority::collect(const ServerEntry& server) {
    GrantSet set;
    for (const GrantLine& line : server.grants) {
        if (const auto added = add(set, line); !added) {
            rt::log(server.name, " gets no \"", line.name, "\": ", added.error());
        }
    }
    return set;
}

ipc::KernelResult<void> Authority::add(GrantSet& set, const GrantLine& line) {
    const ipc::Ref<ipc::Bank> bank = ipc::own_bank();
    switch (line.kind) {
        case GrantKind::receive: {
            // With the right to mint: a server hands out badges of its own.
            const auto service = TRY(endpoint(line.service));
            set.grants.push_back({line.name, service});
            return {};
        }
        case GrantKind::call:        return add_call(set, line);
        case GrantKind::log:         add_boot(set, line, "log", abi::LogRights::write); return {};
        case GrantKind::log_reader:  add_boot(set, line, "log"); return {};
        case GrantKind::archive:     add_boot(set, line, "archive"); return {};
        case GrantKind::boot_info:   add_boot(set, line, "boot-info"); return {};
        case GrantKind::time_page:   add_boot(set, line, "time-page"); return {};
        case GrantKind::framebuffer: return add_framebuffer(set, line);
        case GrantKind::ports:       {
            const auto ports = start_.require<ipc::IoPorts>("io-ports");
            add_owned(set, line,
                      TRY(ports->window(static_cast<std::uint16_t>(line.first),
                                        static_cast<std::uint32_t>(line.count), bank)));
            return {};
        }
        case GrantKind::interrupt: {
            const auto control = start_.require<ipc::InterruptControl>("interrupt-control");
            add_owned(set, line, TRY(control->create_line(line.first, line.flags, bank)));
            return {};
        }
        case GrantKind::io_ports:          add_boot(set, line, "io-ports"); return {};
        case GrantKind::interrupt_control: add_boot(set, line, "interrupt-control"); return {};
        case GrantKind::physical_memory:   add_boot(set, line, "physical-memory"); return {};
    }
    return {};
}

ipc::KernelResult<void> Authority::add_call(GrantSet& set, const GrantLine& line) {
    const auto service = TRY(endpoint(line.service));
    add_owned(set, line,
              TRY(ipc::mint<ipc::Any>(service,
                                      {.badge = line.first, .rights = abi::EndpointRights::call})));
    return {};
}

ipc::KernelResult<void> Authority::add_framebuffer(GrantSet& set, const GrantLine& line) {
    const auto& screen = boot_.framebuffer;
    if (screen.address == 0) {
        return {};
    }
    const auto physical = start_.require<ipc::Memory>("physical-memory");
    const std::uint64_t start = base::align_down(screen.address, abi::page_size);
    const std::uint64_t end = screen.address + std::uint64_t{screen.pitch} * screen.height;
    add_owned(set, line,
              TRY(physical->window({start, base::align_up(end - start, abi::page_size)},
                                   ipc::own_bank())));
    return {};
}

void Authority::close_services(const ServerEntry& server) {
    for (const GrantLine& line : server.grants) {
        if (line.kind != GrantKind::receive) {
            continue;
        }
        const auto found = endpoints_.find(line.service);
        if (found != endpoints_.end()) {
            // The last capability takes the endpoint along, and who waits there hears of it.
            (void)ipc::own_table()->revoke(found->second.index());
            endpoints_.erase(found);
        }
        closed_.insert(line.service);
    }
}

ipc::KernelResult<ipc::Ref<ipc::Endpoint>> Authority::endpoint(const std::string& service) {
    if (closed_.contains(service)) {
        return base::fail(abi::Error::dead);
    }
    auto& found = endpoints_[service];
    if (!found) {
        found = TRY(ipc::own_bank()->create_endpoint());
    }
    return found.ref();
}

}  // namespace init
