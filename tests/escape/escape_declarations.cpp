// SPDX-License-Identifier: MIT
// escape_declarations SERVER: messages that do not fit the declarations in interfaces/, made of these: each operation of each
// protocol, with a byte more than it may have, a capability more, one less than it must have; and labels that nobody has
// declared. Each is answered, `malformed` or `unsupported`, and the server then still answers what is right.
#include <array>
#include <cstdio>
#include <functional>
#include <string_view>
#include <utility>

#include "interfaces/accounts.hpp"
#include "interfaces/container.hpp"
#include "interfaces/fs.hpp"
#include "interfaces/namespace.hpp"
#include "interfaces/process.hpp"
#include "interfaces/process_image.hpp"
#include "interfaces/status.hpp"
#include "interfaces/tty.hpp"
#include "libs/ipc/dispatch.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/protocol.hpp"

namespace {

using interfaces::Status;

template <class... Ops>
struct Protocol {};

using Names = Protocol<names::Derive, names::ReadUses, names::Grant, names::Mount, names::Branch,
                       names::Unmount, names::ListMounts, names::RegisterDevice>;
using Paths = Protocol<fs::Open, fs::GetPathAttributes, fs::MakeNode, fs::Remove, fs::Rename,
                       fs::Link, fs::MakeSymbolicLink, fs::ReadSymbolicLink, fs::SetAttributes,
                       fs::CheckAccess, fs::GetUsage, fs::SyncAll, fs::MakeFileSystem>;
using Files = Protocol<fs::Read, fs::Write, fs::Seek, fs::GetAttributes, fs::ReadDirectory,
                       fs::Truncate, fs::Sync, fs::Map, fs::Written, fs::Allocate,
                       fs::SetStatusFlags, fs::Poll, fs::OpenPipe, fs::Close, fs::AwaitCloses,
                       fs::Listen, fs::Connect, fs::Accept, fs::Seal, fs::GetExtended,
                       fs::SetExtended, fs::ListExtended, fs::Watch, fs::ReadEvents, fs::Lock>;
using Terminals =
    Protocol<tty::GetSettings, tty::SetSettings, tty::GetSize, tty::SetSize, tty::GetForeground,
             tty::SetForeground, tty::Claim, tty::Flush, tty::Flow, tty::Pending, tty::SetExclusive,
             tty::Identify, tty::GetPair, tty::LockPair, tty::SetPackets>;
using Processes =
    Protocol<process::Fork, process::Execute, process::Exit, process::Wait, process::Kill,
             process::SetProcessGroup, process::Lookup, process::MakeSession, process::SetTerminal,
             process::GetTerminal, process::LeaveTerminal, process::SetIdentity, process::Stopped,
             process::SetTimer, process::GetUsage, process::SystemInfo, process::Shutdown,
             process::ReportMissing, process::GetService, process::Rename, process::ExplainRefusal,
             process::AwaitExecute, process::SetFamily, process::Watch, process::OpenSocketName,
             process::OpenFramebuffer, process::OpenQueue, process::RemoveQueue,
             process::NotifyOfMessage>;
using Containers = Protocol<container::List, container::Stop, container::Remove, container::Inspect,
                            container::ConfigureNext, container::Signal, container::Await,
                            container::ReadLog, container::ReadUses, container::Restart,
                            container::AwaitHealth, container::EnterNext, container::AddVolume>;
using Accounts = Protocol<accounts::Become, accounts::Forget, accounts::SetPassword,
                          accounts::AddUser, accounts::RemoveUser>;

int failures = 0, refused = 0;

void is_refused(abi::CapIndex target, abi::Tag tag, const ipc::Words& words, const char* what) {
    for (abi::CapIndex& slot : ipc::control_page().capabilities) {
        slot = process::own_table;
    }
    const ipc::sys::Outcome outcome = ipc::sys::call(target, {tag, words});
    const auto status = static_cast<Status>(outcome.tag.status());
    const bool is_right = outcome.error == abi::Error::ok &&
                          (status == Status::malformed || status == Status::unsupported);
    ++(is_right ? refused : failures);
    if (!is_right) {
        std::printf("label %u, %s: error %u, status %u\n", tag.label(), what,
                    static_cast<unsigned>(outcome.error), outcome.tag.status());
    }
}

template <class Op>
void spoil(abi::CapIndex target) {
    using Traits = ipc::OperationTraits<Op>;
    const ipc::Words words = ipc::pack(Op{});
    if (Traits::payload < abi::message_bytes) {
        is_refused(target,
                   abi::make_tag(Traits::label, Traits::payload + 1, Traits::min_capabilities),
                   words, "a byte more");
    }
    if (Traits::max_capabilities < abi::message_capabilities) {
        is_refused(target, abi::make_tag(Traits::label, 0, Traits::max_capabilities + 1), words,
                   "a capability more");
    }
    if (Traits::min_capabilities != 0) {
        is_refused(target, abi::make_tag(Traits::label, 0, Traits::min_capabilities - 1), words,
                   "a capability less");
    }
}

template <class... Ops>
void spoil_all(abi::CapIndex target, Protocol<Ops...> /*protocol*/) {
    (spoil<Ops>(target), ...);
}

// Labels are a server's own: each gets what its protocols declare.
template <class... Protocols>
void attack(abi::CapIndex target, Protocols... protocols) {
    (spoil_all(target, protocols), ...);
    for (unsigned label = 200; label < 1 << 16; label = label * 2 + 1) {
        is_refused(target, abi::make_tag(static_cast<std::uint16_t>(label)), {}, "no operation");
    }
}

ipc::Ref<names::View> view() { return ipc::Ref<names::View>{process::own_view}; }

ipc::Capability<fs::File> file(std::string_view path, std::uint32_t flags) {
    auto opened = ipc::call(view(), fs::Open{.flags = flags}, {.payload = ipc::bytes(path)});
    if (!opened) {
        std::printf("%.*s cannot be opened\n", static_cast<int>(path.size()), path.data());
        ++failures;
        return {};
    }
    return opened->take<fs::File>();
}

ipc::Capability<ipc::Any> service(std::string_view name) {
    auto given = ipc::call(ipc::Ref<process::Process>{process::own_process}, process::GetService{},
                           {.payload = ipc::bytes(name)});
    failures += given ? 0 : 1;
    return given ? given->take<ipc::Any>() : ipc::Capability<ipc::Any>{};
}

bool answers(ipc::Ref<fs::File> one) { return ipc::call(one, fs::GetAttributes{}).has_value(); }

template <class... Protocols>
void attack_file(std::string_view path, std::uint32_t flags, Protocols... protocols) {
    const auto one = file(path, flags);
    if (one) {
        attack(one.index(), protocols...);
        failures += answers(one) ? 0 : 1;
    }
}

void to_procmgr() {
    attack(process::own_process, Processes{});
    // What fits, and means nothing.
    constexpr std::string_view path = "/bin/busybox";
    const auto strange = ipc::call(ipc::Ref<process::Process>{process::own_process},
                                   process::Execute{.step = process::Execute::unseen + 1},
                                   {.payload = ipc::bytes(path)});
    failures += !strange && strange.error() == ipc::Failure{Status::invalid} ? 0 : 1;
}
void to_vfs() { attack(process::own_view, Names{}, Paths{}); }
void to_the_disk() { attack_file("/bin/busybox", fs::OpenFlags::read, Files{}); }
void to_a_directory_of_the_disk() { attack_file("/bin", fs::OpenFlags::read, Files{}); }
void to_memory() { attack_file("/tmp", fs::OpenFlags::read, Files{}); }
void to_proc() { attack_file("/proc/1/status", fs::OpenFlags::read, Files{}); }
void to_a_terminal() {
    attack_file("/dev/ptmx", fs::OpenFlags::read | fs::OpenFlags::write, Files{}, Terminals{});
}
void to_the_manager_of_containers() { attack(service("container").index(), Containers{}); }
void to_the_server_of_users() { attack(service("accounts").index(), Accounts{}); }

using Attempt = void (*)();
constexpr std::array<std::pair<std::string_view, Attempt>, 9> attempts{{
    {"to_procmgr", &to_procmgr},
    {"to_vfs", &to_vfs},
    {"to_the_disk", &to_the_disk},
    {"to_a_directory_of_the_disk", &to_a_directory_of_the_disk},
    {"to_memory", &to_memory},
    {"to_proc", &to_proc},
    {"to_a_terminal", &to_a_terminal},
    {"to_the_manager_of_containers", &to_the_manager_of_containers},
    {"to_the_server_of_users", &to_the_server_of_users},
}};

}  // namespace

int main(int count, char** arguments) {
    for (const auto& [name, attempt] : attempts) {
        if (count == 2 && name == arguments[1]) {
            attempt();
            const auto after =
                ipc::call(ipc::Ref<process::Process>{process::own_process}, process::Lookup{});
            constexpr int least = 10;  // messages that were sent at all
            return failures == 0 && refused > least && after ? 0 : 1;
        }
    }
    std::fprintf(stderr, "usage: escape_declarations SERVER\n");
    return 2;
}
