// SPDX-License-Identifier: MIT
#include "servers/tty/pseudo_terminal.hpp"

#include <algorithm>

namespace tty {

namespace {

constexpr std::size_t output_limit = 8192;
constexpr std::size_t most_output = 2 * output_limit;  // with echoes, which nobody waits with
constexpr std::uint32_t terminal_group = 5;            // "tty", as everywhere

}  // namespace

PseudoTerminal::PseudoTerminal(std::uint32_t number, fs::Identity owner,
                               ipc::Ref<process::Sessions> sessions)
    : slave_({.major = slave_major, .minor = number}, *this, sessions) {
    attributes.kind = fs::Kind::character_device;
    attributes.mode = 0620;
    attributes.user = owner.user;
    attributes.group = terminal_group;
}

// ---- the line -----------------------------------------------------------------------------------

void PseudoTerminal::transmit(std::string_view bytes) {
    if (!has_master_) {
        return;
    }
    output_ += bytes.substr(0, most_output - std::min(most_output, output_.size()));
}

std::size_t PseudoTerminal::room() const {
    return output_limit - std::min(output_limit, output_.size());
}

std::string PseudoTerminal::take_output(std::size_t length) {
    std::string taken = output_.substr(0, length);
    output_.erase(0, taken.size());
    return taken;
}

// As much as the slave takes.
std::size_t PseudoTerminal::feed(std::string_view bytes) {
    std::size_t fed = 0;
    while (fed < bytes.size()) {
        const std::size_t part = std::min(bytes.size() - fed, slave_.discipline().room());
        if (part == 0) {
            break;
        }
        slave_.discipline().receive(bytes.substr(fed, part));
        fed += part;
    }
    return fed;
}

// ---- the master's end ---------------------------------------------------------------------------

Result<std::string> PseudoTerminal::read(const fs::Read& read, ipc::Request& request) {
    const std::size_t length = std::min<std::size_t>(read.length, abi::message_bytes);
    if (!output_.empty() && readers_.empty()) {
        return take_output(length);
    }
    if (ended()) {
        return base::fail(Status::io_error);
    }
    if ((read.flags & fs::Read::no_wait) != 0) {
        return base::fail(Status::would_block);
    }
    TRY(wait(readers_, request, length, ipc::no_deadline));
    return std::string{};
}

Result<fs::Write::Reply> PseudoTerminal::write(const fs::Write& write, ipc::Request& request) {
    std::string bytes(request.text());
    if (writers_.empty()) {
        if (const std::size_t fed = feed(bytes); fed != 0 || bytes.empty()) {
            return fs::Write::Reply{.count = fed};
        }
    }
    if ((write.flags & fs::Write::no_wait) != 0) {
        return base::fail(Status::would_block);
    }
    TRY(wait(writers_, request, std::move(bytes)));
    return fs::Write::Reply{};
}

bool PseudoTerminal::serve_readers() {
    bool served = false;
    while (!readers_.empty() && (!output_.empty() || ended())) {
        Reader& reader = readers_.front();
        if (output_.empty()) {
            (void)reader.reply.fail(Status::io_error);
        } else {
            const auto part = std::string_view{output_}.substr(0, reader.length);
            if (reader.reply.answer<fs::Read>({}, {.payload = ipc::bytes(part)})) {
                output_.erase(0, part.size());
                served = true;
            }
        }
        readers_.pop_front();
    }
    return served;
}

bool PseudoTerminal::serve_writers() {
    bool served = false;
    while (!writers_.empty() && slave_.discipline().room() != 0) {
        Writer& writer = writers_.front();
        // Told before it is done: of what a writer that is gone wrote, nothing shall arrive.
        const std::size_t count = std::min(writer.bytes.size(), slave_.discipline().room());
        if (writer.reply.answer<fs::Write>({.count = count})) {
            (void)feed(std::string_view{writer.bytes}.substr(0, count));
            served = true;
        }
        writers_.pop_front();
    }
    return served;
}

void PseudoTerminal::settle() {
    bool again = true;
    while (again) {
        slave_.serve();
        const bool read = serve_readers();
        again = serve_writers() || read;
    }
    slave_.tell_pollers();
    pollers_.tell(ready());
}

std::uint32_t PseudoTerminal::ready() const {
    std::uint32_t events = output_.empty() ? 0 : fs::Poll::readable;
    events |= slave_.discipline().room() != 0 ? fs::Poll::writable : 0;
    events |= ended() ? fs::Poll::hang_up : 0;
    return events;
}

// ---- life ---------------------------------------------------------------------------------------

void PseudoTerminal::slave_opened() {
    ++open_slaves_;
    was_opened_ = true;
}

void PseudoTerminal::slave_closed() {
    --open_slaves_;
    settle();
}

void PseudoTerminal::master_closed() {
    has_master_ = false;
    open_slaves_ = 0;
    output_.clear();
    readers_.clear();
    writers_.clear();
    slave_.signal_leader_of_end();
    slave_.hang_up();
}

}  // namespace tty
