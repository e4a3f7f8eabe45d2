// SPDX-License-Identifier: MIT
// hostile_terminal: who has a terminal's Files tries to get more out of them than reading and writing: to make the server of
// terminals wait for an endpoint that nobody receives on, to take away a session's terminal or to get signals sent into a
// session, and to read by a File that was opened for less. A line for each attempt that was not refused as it should be.
#include <cstdint>
#include <cstdio>
#include <utility>

#include "interfaces/fs.hpp"
#include "interfaces/process_image.hpp"
#include "interfaces/tty.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/names.hpp"
#include "libs/ipc/protocol.hpp"

namespace {

int failures = 0;

void refused(const char* what, ipc::Failure got, ipc::Status wanted) {
    if (got != ipc::Failure{wanted}) {
        std::printf("%s: %s\n", what, ipc::name_of(got).data());
        ++failures;
    }
}

template <class Op>
ipc::Failure outcome(ipc::Ref<fs::File> file, const Op& operation,
                     const ipc::Options& options = {}) {
    const auto answer = ipc::call(file, operation, options);
    return answer ? ipc::Failure{ipc::Status::ok} : answer.error();
}

// Whatever the message is called now, it once was one that gives a terminal an endpoint to call.
void give_it_an_endpoint(ipc::Ref<fs::File> file) {
    const auto endpoint = ipc::Ref<ipc::Bank> { process::own_bank } -> create_endpoint();
    ipc::control_page().capabilities[0] = endpoint->index();
    for (const std::uint16_t label : {tty::Claim::label, tty::Attach::label, tty::Detach::label}) {
        (void)ipc::sys::call(file.index(), {abi::make_tag(label, 0, 1), ipc::Words{1, 1, 1}});
    }
}

}  // namespace

int main() {
    constexpr std::uint32_t both = fs::OpenFlags::read | fs::OpenFlags::write;
    auto opened = ipc::call(ipc::Ref<fs::Directory>{process::own_view}, fs::Open{.flags = both},
                            {.payload = ipc::bytes("/dev/pts/ptmx")});
    if (!opened) {
        std::printf("no pseudo-terminal: %s\n", ipc::name_of(opened.error()).data());
        return 2;
    }
    const auto master = opened->take<fs::File>();
    const auto unlocked = outcome(master, tty::LockPair{.locked = 0});
    auto slave_opened = ipc::call(master, fs::Open{.flags = fs::OpenFlags::write});
    if (unlocked != ipc::Failure{ipc::Status::ok} || !slave_opened) {
        std::printf("no slave\n");
        return 2;
    }
    const auto slave = slave_opened->take<fs::File>();
    give_it_an_endpoint(slave);
    // Were it attached by this, it would now call that endpoint, and never come back.
    (void)outcome(master, tty::SignalForeground{.signal = 2});
    (void)outcome(master, fs::Write{}, {.payload = ipc::bytes("\3")});

    const auto claim = ipc::call(slave, tty::Claim{.session = 1});
    const std::uint64_t number = claim ? claim->reply.claim : 0;
    refused("Attach by a File",
            outcome(slave, tty::Attach{.claim = number, .session = 1, .force = 1}),
            ipc::Status::not_permitted);
    refused("Detach by a File", outcome(slave, tty::Detach{.session = 1}),
            ipc::Status::not_permitted);
    refused("the framebuffer by a File", outcome(slave, tty::OpenFramebuffer{.session = 1}),
            ipc::Status::not_permitted);
    refused("packets by the slave", outcome(slave, tty::SetPackets{.on = 1}),
            ipc::Status::not_terminal);
    const auto foreground = ipc::call(slave, tty::GetForeground{});
    if (!foreground || foreground->reply.session != 0) {
        std::printf("a claim alone attaches\n");
        ++failures;
    }
    refused("reading what was opened for writing",
            outcome(slave, fs::Read{.length = 1, .flags = fs::Read::no_wait}),
            ipc::Status::bad_handle);
    refused("opening that for reading", outcome(slave, fs::Open{.flags = fs::OpenFlags::read}),
            ipc::Status::access_denied);
    std::printf("%d failures\n", failures);
    return failures != 0;
}
