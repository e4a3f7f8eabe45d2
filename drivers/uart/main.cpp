// SPDX-License-Identifier: MIT
// The driver of the serial lines COM1 and COM2: protocol `display` for what goes out (terminals 64 and 65), protocol `input`
// to the server of terminals for what comes in.
//
// Two threads, because the two directions must not wait for each other: tty calls the first one to send, while the second
// may be calling tty with what was received.
//
// Capabilities: "endpoint" (receive), "tty" (input::Sink), "com1", "com2" (ports), "com1-interrupt", "com2-interrupt", "log".
// Argument "console": the log no longer goes to the first line, which belongs to a person from now on.
#include <algorithm>
#include <array>
#include <string_view>

#include "drivers/uart/line.hpp"
#include "interfaces/display.hpp"
#include "interfaces/input.hpp"
#include "libs/base/wipe.hpp"
#include "libs/ipc/server.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/start_info.hpp"
#include "libs/rt/thread.hpp"

namespace uart {
namespace {

using interfaces::Status;

constexpr std::uint32_t first_terminal = 64;
constexpr std::size_t line_count = 2;

// How long until tty, which had no room, is asked again.
constexpr std::uint64_t pause = 5 * rt::millisecond;

struct Port {
    Line line;
    ipc::Ref<ipc::Interrupt> interrupt;
    bool present = false;
    std::array<char, 256> bytes{};
    std::string_view waiting;  // those that tty has not taken yet
};

class Service {
public:
    using Protocol =
        ipc::Operations<display::Write, display::Show, display::GetSize, display::Scroll>;

    explicit Service(std::array<Port, line_count>& ports) : ports_(ports) {}

    ipc::Result<display::Write::Reply> handle(const display::Write& write, ipc::Request& request) {
        Port* port = find(write.terminal);
        if (port == nullptr) {
            return base::fail(Status::not_found);
        }
        // Sending uses the message page the payload is in.
        std::array<std::byte, abi::message_bytes> bytes;
        const std::size_t count = request.payload().size();
        std::ranges::copy(request.payload(), bytes.begin());
        port->line.send(std::span(bytes).first(count));
        return display::Write::Reply{.taken = static_cast<std::uint32_t>(count)};
    }
    ipc::Result<display::Show::Reply> handle(const display::Show& /*show*/,
                                             ipc::Request& /*request*/) {
        return base::fail(Status::unsupported);
    }
    ipc::Result<display::GetSize::Reply> handle(const display::GetSize& get,
                                                ipc::Request& /*request*/) {
        if (find(get.terminal) == nullptr) {
            return base::fail(Status::not_found);
        }
        return display::GetSize::Reply{.rows = 24, .columns = 80};  // nobody can ask a serial line
    }
    ipc::Result<display::Scroll::Reply> handle(const display::Scroll& /*scroll*/,
                                               ipc::Request& /*request*/) {
        return base::fail(Status::unsupported);
    }

private:
    Port* find(std::uint32_t terminal) {
        const std::uint32_t number = terminal - first_terminal;
        return number < ports_.size() && ports_[number].present ? &ports_[number] : nullptr;
    }

    std::array<Port, line_count>& ports_;
};

// The receiving thread's own state. It must not use the heap.
struct Receiver {
    std::array<Port, line_count>& ports;
    ipc::Ref<ipc::Notification> interrupts;
    ipc::Ref<input::Sink> tty;
};

// As long as tty does not take them, no more are read from the line, so that whoever sends there has to wait.
void pass_on(Receiver& receiver, std::uint32_t number) {
    Port& port = receiver.ports[number];
    for (;;) {
        if (port.waiting.empty()) {
            port.waiting = {port.bytes.data(), port.line.receive(port.bytes)};
        }
        const std::size_t count = port.waiting.size();
        if (count == 0) {
            (void)port.interrupt->acknowledge();
            return;
        }
        const auto answer = ipc::call(receiver.tty, input::Bytes{.line = number},
                                      {.payload = ipc::bytes(port.waiting)});
        base::wipe(ipc::message_page().data(), count);
        port.waiting.remove_prefix(answer ? std::min(std::size_t{answer->reply.taken}, count)
                                          : count);
        if (!port.waiting.empty()) {
            return;
        }
        // It may be a password, and the next bytes may be fewer.
        base::wipe(port.bytes.data(), port.bytes.size());
    }
}

void receive_for_ever(void* argument) {
    auto& receiver = *static_cast<Receiver*>(argument);
    // What came before the interrupts were bound makes none any more.
    for (std::uint32_t number = 0; number < receiver.ports.size(); ++number) {
        if (receiver.ports[number].present) {
            pass_on(receiver, number);
        }
    }
    for (;;) {
        const bool some_wait = std::ranges::any_of(
            receiver.ports, [](const Port& port) { return !port.waiting.empty(); });
        const auto bits = receiver.interrupts->wait(
            {.deadline = some_wait ? rt::now() + pause : ipc::no_deadline});
        if (!bits && bits.error() != abi::Error::timed_out) {
            return;
        }
        for (std::uint32_t number = 0; number < receiver.ports.size(); ++number) {
            if ((bits.value_or(0) >> number & 1) != 0 || !receiver.ports[number].waiting.empty()) {
                pass_on(receiver, number);
            }
        }
    }
}

}  // namespace
}  // namespace uart

void server_main(const rt::StartInfo& start) {
    constexpr std::uint16_t com1 = 0x3f8;
    constexpr std::uint16_t com2 = 0x2f8;
    const auto endpoint = start.require<ipc::Endpoint>("endpoint");
    std::array<uart::Port, uart::line_count> ports{{
        {.line = {start.require<ipc::IoPorts>("com1"), com1},
         .interrupt = start.require<ipc::Interrupt>("com1-interrupt")},
        {.line = {start.require<ipc::IoPorts>("com2"), com2},
         .interrupt = start.require<ipc::Interrupt>("com2-interrupt")},
    }};
    const auto interrupts = ipc::own_bank()->create_notification();
    if (!interrupts) {
        rt::panic("no notification for interrupts");
    }
    for (std::size_t i = 0; i < ports.size(); ++i) {
        ports[i].present = ports[i].line.initialise();
        if (ports[i].present) {
            (void)ports[i].interrupt->bind(interrupts->ref(), std::uint64_t{1} << i);
        }
    }
    uart::Receiver receiver{
        .ports = ports, .interrupts = interrupts->ref(), .tty = start.require<input::Sink>("tty")};
    auto thread = rt::Thread::start(uart::receive_for_ever, &receiver);
    if (!thread) {
        rt::panic("no thread to receive");
    }
    if (start.argument(0) == "console") {
        (void)start.require<ipc::Log>("log")->set_echo(false);
    }
    uart::Service service{ports};
    const abi::Error why = ipc::serve<uart::Service::Protocol>(endpoint, service);
    rt::log("cannot receive: ", why);
}
