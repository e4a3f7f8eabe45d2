// SPDX-License-Identifier: MIT
// tty: terminals. Between programs (protocols fs, tty), input devices (input) and screens (display).
//
// Capabilities: "endpoint" (receive, mint), "screen" and "serial" (display::Screen; either may be missing), "vfs"
// (names::Manager, to register the device numbers of terminals), "log".
#include "interfaces/namespace.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"
#include "servers/tty/service.hpp"

namespace {

void register_devices(ipc::Ref<names::Manager> vfs, ipc::Ref<ipc::Endpoint> endpoint,
                      std::uint32_t major, std::uint64_t badge) {
    const auto directory =
        ipc::mint<fs::Directory>(endpoint, {.badge = badge, .rights = abi::EndpointRights::call});
    if (!directory) {
        rt::log("no capability for the terminals' directory: ", directory.error());
        return;
    }
    const auto registered =
        ipc::call(vfs, names::RegisterDevice{.major = major}, {.capabilities = {directory->ref()}});
    if (!registered) {
        rt::log("vfs does not take the device numbers of terminals");
    }
}

}  // namespace

void server_main(const rt::StartInfo& start) {
    const tty::Surroundings around{.endpoint = start.require<ipc::Endpoint>("endpoint"),
                                   .screen = start.capability<display::Screen>("screen"),
                                   .serial = start.capability<display::Screen>("serial")};
    const auto vfs = start.require<names::Manager>("vfs");
    register_devices(vfs, around.endpoint, 4, tty::badge_virtual_directory);
    register_devices(vfs, around.endpoint, 5, tty::badge_console_directory);
    tty::Service service{around};
    const abi::Error why = ipc::serve<tty::Service::Protocol>(around.endpoint, service);
    rt::log("cannot receive: ", why);
}
