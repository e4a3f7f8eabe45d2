// SPDX-License-Identifier: MIT
// tty: terminals. Between programs (protocols fs, tty), input devices (input) and screens (display).
//
// Capabilities: "endpoint" (receive, mint), "screen" and "serial" (display::Screen; either may be missing), "vfs"
// (names::Manager, to register the device numbers of terminals, and for /etc/keyboard), "sessions" (process::Sessions), "log"
// (to read it, too).
#include "interfaces/namespace.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"
#include "libs/rt/thread.hpp"
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

// Where programs look for pseudo-terminals; /dev/ptmx leads there.
void mount_pairs(ipc::Ref<names::Manager> vfs, ipc::Ref<ipc::Endpoint> endpoint) {
    const auto directory = ipc::mint<fs::Directory>(
        endpoint, {.badge = tty::badge_pairs_directory, .rights = abi::EndpointRights::call});
    const auto mounted =
        directory
            ? ipc::call(vfs, names::Mount{.per_view = 1},
                        {.payload = ipc::bytes("/dev/pts"), .capabilities = {directory->ref()}})
            : base::fail(ipc::Failure{directory.error()});
    if (!mounted) {
        rt::log("vfs does not mount the pseudo-terminals");
    }
}

struct Registration {
    ipc::Ref<names::Manager> vfs;
    ipc::Ref<ipc::Endpoint> endpoint;
};

std::string contents_of(ipc::Ref<names::Manager> vfs, std::string_view path) {
    auto opened =
        ipc::call(vfs, fs::Open{.flags = fs::OpenFlags::read}, {.payload = ipc::bytes(path)});
    if (!opened || opened->reply.kind != fs::Kind::regular) {
        return {};
    }
    const auto file = opened->take<fs::File>();
    const auto got = ipc::call(file, fs::Read{.offset = 0, .length = fs::Read::reply_payload});
    return got ? std::string{ipc::text(got->payload)} : std::string{};
}

// The layout of this machine's keyboard, if it is not the US one. The thread that answers gets it as from anybody else.
void load_layout(ipc::Ref<names::Manager> vfs, ipc::Ref<ipc::Endpoint> endpoint) {
    const std::string text = contents_of(vfs, "/etc/keyboard");
    if (text.empty()) {
        return;
    }
    const auto directory = ipc::mint<fs::Directory>(
        endpoint, {.badge = tty::badge_console_directory, .rights = abi::EndpointRights::call});
    constexpr std::string_view keyboard = "3 0 0";  // as vfs asks for a node of this number
    static_assert(tty::keyboard_minor == 3);
    auto opened = directory ? ipc::call(directory->ref(), fs::Open{.flags = fs::OpenFlags::write},
                                        {.payload = ipc::bytes(keyboard)})
                            : base::fail(ipc::Failure{directory.error()});
    const auto file = opened ? opened->take<fs::File>() : ipc::Capability<fs::File>{};
    if (!opened || !ipc::call(file, fs::Write{}, {.payload = ipc::bytes(text)})) {
        rt::log("/etc/keyboard is not the layout of a keyboard: it is the US one");
    }
}

// In a thread of its own: vfs may be calling this server at that very time, for somebody who opens a terminal, and each would
// wait for the other.
void register_all(void* argument) {
    const auto& [vfs, endpoint] = *static_cast<Registration*>(argument);
    register_devices(vfs, endpoint, 4, tty::badge_virtual_directory);
    register_devices(vfs, endpoint, 5, tty::badge_console_directory);
    register_devices(vfs, endpoint, display::framebuffer_major, tty::badge_screen_directory);
    mount_pairs(vfs, endpoint);
    load_layout(vfs, endpoint);
}

}  // namespace

void server_main(const rt::StartInfo& start) {
    const tty::Surroundings around{.endpoint = start.require<ipc::Endpoint>("endpoint"),
                                   .screen = start.capability<display::Screen>("screen"),
                                   .serial = start.capability<display::Screen>("serial"),
                                   .sessions = start.require<process::Sessions>("sessions"),
                                   .log = start.capability<ipc::Log>("log")};
    Registration registration{.vfs = start.require<names::Manager>("vfs"),
                              .endpoint = around.endpoint};
    tty::Service service{around};
    const auto thread = rt::Thread::start(register_all, &registration);
    if (!thread) {
        rt::panic("no thread to register with vfs");
    }
    const abi::Error why = ipc::serve<tty::Service::Protocol>(around.endpoint, service);
    rt::log("cannot receive: ", why);
}
