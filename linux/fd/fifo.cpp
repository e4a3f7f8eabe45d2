// SPDX-License-Identifier: MIT
#include "linux/fd/fifo.hpp"

#include "libs/ipc/protocol.hpp"
#include "linux/fd/image.hpp"
#include "linux/fd/server_file.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/time/clock.hpp"

namespace linux::fd {

namespace {

static_assert(fs::OpenPipe::memory_bytes == PipeRing::memory_bytes);
static_assert(fs::OpenPipe::ends_offset >= sizeof(PipeRing::Header));

Side side_of(std::uint32_t status) {
    switch (status & OpenFlag::access_mode) {
        case OpenFlag::read_only:  return Side::named_reader;
        case OpenFlag::write_only: return Side::named_writer;
        default:                   return Side::named_both;
    }
}

}  // namespace

Result<Handle> NamedPipe::make(Side side, std::uint32_t status, Parts parts) {
    auto signal =
        TRY(or_errno(ipc::copy(parts.notification.ref(), abi::NotificationRights::signal)));
    PipeMapping* mapping =
        TRY(PipeMapping::create(std::move(parts.memory), fs::OpenPipe::memory_bytes));
    PipeCapabilities capabilities{
        .own = std::move(parts.notification), .other = std::move(signal), .guard = {}};
    return Handle{new NamedPipe(side, status, mapping, std::move(capabilities), std::move(parts))};
}

// After a close that was the last one, the other side sees that nobody is there. Who passed this on
// may have named a server that never answers.
NamedPipe::~NamedPipe() {
    constexpr std::uint64_t patience = 1'000'000'000;
    file_.reset();
    (void)ipc::call(server_, fs::AwaitCloses{}, {.deadline = monotonic_now() + patience});
}

Result<Handle> NamedPipe::open(ipc::Capability<fs::File> file, std::uint32_t status) {
    const Side side = side_of(status);
    const bool waits = (status & OpenFlag::non_block) == 0 && side != Side::named_both;
    std::uint32_t how = waits ? 0 : fs::OpenPipe::at_once;
    for (;;) {
        auto answer = ipc::call(file, fs::OpenPipe{.no_wait = how},
                                {.interruptible = how != fs::OpenPipe::if_met});
        if (answer) {
            return make(side, status,
                        {.file = std::move(file),
                         .memory = answer->take<ipc::Memory>(0),
                         .notification = answer->take<ipc::Notification>(1),
                         .server = answer->take<fs::Server>(2),
                         .writers_before = answer->reply.writers_ever});
        }
        if (how == fs::OpenPipe::if_met) {
            return base::fail(restart_errno);
        }
        if (!is_interruption(answer.error())) {
            return base::fail(to_errno(answer.error()));
        }
        // Who came for us in the meantime has opened: this open has succeeded, signal or not. Else nobody waits here any more.
        how = signals::interrupted() ? fs::OpenPipe::if_met : how;
    }
}

Result<Handle> NamedPipe::adopt(const process::ImageDescriptor& from) {
    const auto side = static_cast<Side>(from.state[1]);
    if (side < Side::named_reader || side > Side::named_both) {
        return base::fail(Errno::einval);
    }
    return make(side, from.state[0],
                {.file = ipc::Capability<fs::File>{from.capabilities[0]},
                 .memory = ipc::Capability<ipc::Memory>{from.capabilities[1]},
                 .notification = ipc::Capability<ipc::Notification>{from.capabilities[2]},
                 .server = ipc::Capability<fs::Server>{from.capabilities[3]},
                 .writers_before = from.state[2]});
}

bool NamedPipe::describe(process::ImageDescriptor& to) const {
    to.kind = image_kind::named_pipe;
    to.capabilities[0] = file_.index();
    to.capabilities[1] = mapping().memory();
    to.capabilities[2] = source();
    to.capabilities[3] = server_.index();
    to.state[0] = status();
    to.state[1] = static_cast<std::uint32_t>(side());
    to.state[2] = writers_before_;
    return true;
}

Result<void> NamedPipe::set_attributes(std::uint32_t which, const fs::Attributes& to) {
    TRY(or_errno(ipc::call(file(), fs::SetAttributes{.which = which},
                           {.payload = std::as_bytes(std::span{&to, 1})})));
    return {};
}

std::uint32_t NamedPipe::current_status() {
    if (const auto flags = change_file_flags(file(), 0, 0)) {
        set_flags(OpenFlag::changeable, *flags);
    }
    return status();
}

Result<void> NamedPipe::change_status(std::uint32_t mask, std::uint32_t value) {
    set_flags(OpenFlag::changeable, TRY(change_file_flags(file(), mask, value)));
    return {};
}

fs::OpenPipe::Ends& NamedPipe::ends() const {
    auto* header = reinterpret_cast<std::byte*>(&mapping().ring(0).header());
    return *reinterpret_cast<fs::OpenPipe::Ends*>(header + fs::OpenPipe::ends_offset);
}

// A reader that nobody has written to yet is not told that everybody has left.
std::uint32_t NamedPipe::ready_events() {
    std::uint32_t ready = 0;
    if (in()) {
        const bool left = writers_gone() && load(ends().writers_ever) != writers_before_;
        ready |= in()->empty() ? 0 : fs::Poll::readable;
        ready |= left ? fs::Poll::hang_up : 0;
    }
    if (out()) {
        const bool gone = readers_gone();
        ready |= out()->full() && !gone ? 0 : fs::Poll::writable;
        ready |= gone ? fs::Poll::error : 0;
    }
    return ready;
}

}  // namespace linux::fd
