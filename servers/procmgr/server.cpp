// SPDX-License-Identifier: MIT
#include "servers/procmgr/server.hpp"

#include "libs/process/fault_text.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"

namespace procmgr {
namespace {

constexpr std::uint32_t sig_ill = 4, sig_trap = 5, sig_bus = 7, sig_fpe = 8, sig_sys = 31;

std::uint32_t signal_of(const ipc::Fault& fault) {
    if (fault.kind == abi::FaultLabel::system_call) {
        return sig_sys;
    }
    if (fault.kind != abi::FaultLabel::exception) {
        return signal_number::segv;
    }
    switch (fault.words[0]) {  // the CPU's vectors (Intel SDM vol. 3, 6.15)
        case 0:
        case 16:
        case 19: return sig_fpe;
        case 1:
        case 3:  return sig_trap;
        case 6:  return sig_ill;
        case 17: return sig_bus;
        default: return signal_number::segv;
    }
}

}  // namespace

Server::Server(Manager& manager, ProcHost& host)
    : manager_(manager),
      process_(manager),
      session_(manager),
      container_(manager),
      log_(manager),
      proc_(host),
      socket_names_(proc_),
      proc_root_(proc_.add_root(std::make_unique<ProcBackend>(manager, 0))) {
    manager_.make_proc = [this, &host](std::uint32_t container) {
        const std::uint64_t badge =
            proc_.add_root(std::make_unique<ProcBackend>(manager_, container));
        auto root = host.mint_root(badge);
        if (!root) {
            proc_.on_drop(badge);
        }
        return root;
    };
    manager_.open_socket_name = [this](const Process& process, const process::OpenSocketName& how,
                                       std::string& name) {
        return socket_names_.open(process, how, name);
    };
}

ipc::sys::Message Server::route(ipc::Request& request) {
    // With messages always waiting, the server loop never waits for its deadline.
    if (deadline() <= rt::now()) {
        manager_.on_deadline();
    }
    switch (Badge::of(request.badge()).kind) {
        case BadgeKind::process: return ipc::dispatch<ProcessService::Protocol>(process_, request);
        case BadgeKind::session: return ipc::dispatch<SessionService::Protocol>(session_, request);
        case BadgeKind::manager:
            return ipc::dispatch<ContainerService::Protocol>(container_, request);
        case BadgeKind::queue:
            return ipc::dispatch<MessageQueues::Protocol>(manager_.queues, request);
        case BadgeKind::log:      return ipc::dispatch<LogService::Protocol>(log_, request);
        case BadgeKind::file:     return ipc::dispatch<fs_server::Service::Protocol>(proc_, request);
        case BadgeKind::fault:
        case BadgeKind::watching: break;
    }
    return ipc::detail::refusal(Status::bad_handle);
}

void Server::on_drop(std::uint64_t badge) {
    const Badge dropped = Badge::of(badge);
    if (dropped.kind == BadgeKind::file) {
        proc_.on_drop(badge);
    } else if (dropped.kind == BadgeKind::watching) {
        manager_.end_watch(dropped.pid, dropped.serial);
    } else if (dropped.kind == BadgeKind::queue) {
        manager_.queues.close(dropped.pid);
    }
}

// Faults of programs become signals in the Linux library. What arrives here is a thread that has no
// library to turn to (any more).
ipc::FaultAction Server::on_fault(const ipc::Fault& fault, ipc::Request&) {
    const Badge badge = Badge::of(fault.badge);
    const Process* process = manager_.table.find(badge.pid);
    if (badge.kind != BadgeKind::fault || process == nullptr ||
        manager_.body_of(badge.pid, badge.serial) == nullptr) {
        return ipc::FaultAction::leave;
    }
    rt::Line line;
    line.add(process->name).add(" (").add(badge.pid).add(") ended by a fault: ");
    loader::describe(fault, line);
    rt::log_line(line);
    manager_.end_process(badge.pid, signal_of(fault));
    return ipc::FaultAction::leave;
}

}  // namespace procmgr
