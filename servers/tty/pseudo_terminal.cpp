// SPDX-License-Identifier: MIT
#include "servers/tty/pseudo_terminal.hpp"

#include <algorithm>
#include <utility>

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
    pollers_.input_came();
}

std::size_t PseudoTerminal::room() const {
    return output_limit - std::min(output_limit, output_.size());
}

void PseudoTerminal::discard() {
    output_.clear();
    slave_.room_came();
    tell(SetPackets::output_flushed);
}

// ---- packet mode --------------------------------------------------------------------------------

void PseudoTerminal::set_packets(bool on) {
    packets_ = on;
    news_ = 0;
}

void PseudoTerminal::tell(std::uint8_t what, std::uint8_t instead_of) {
    if (packets_) {
        news_ = static_cast<std::uint8_t>((news_ & ~instead_of) | what);
        pollers_.input_came();
    }
}

void PseudoTerminal::output_stops(bool stops) {
    constexpr auto stopped = SetPackets::output_stopped, started = SetPackets::output_started;
    tell(stops ? stopped : started, stops ? started : stopped);
}

void PseudoTerminal::flow_characters_change(bool they_do) {
    constexpr auto none = SetPackets::no_flow_characters, some = SetPackets::flow_characters;
    tell(they_do ? some : none, they_do ? none : some);
}

std::string PseudoTerminal::front(std::size_t length) const {
    if (!packets_ || length == 0) {
        return output_.substr(0, length);
    }
    return news_ != 0 ? std::string(1, static_cast<char>(news_))
                      : '\0' + output_.substr(0, length - 1);
}

void PseudoTerminal::drop(std::size_t length) {
    if (std::exchange(news_, 0) == 0 && length != 0) {
        output_.erase(0, length - (packets_ ? 1 : 0));
        slave_.room_came();
    }
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
        slave_.input_came();
    }
    return fed;
}

// ---- the master's end ---------------------------------------------------------------------------

Result<std::string> PseudoTerminal::read(const fs::Read& read, ipc::Request& request) {
    const std::size_t length = std::min<std::size_t>(read.length, abi::message_bytes);
    if (readable() && readers_.empty()) {
        std::string got = front(length);
        drop(got.size());
        return got;
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
    while (!readers_.empty() && (readable() || ended())) {
        Reader& reader = readers_.front();
        if (!readable()) {
            (void)reader.reply.fail(Status::io_error);
        } else {
            const std::string part = front(reader.length);
            if (reader.reply.answer<fs::Read>({}, {.payload = ipc::bytes(part)})) {
                drop(part.size());
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
    const std::size_t room = slave_.discipline().room();
    if (room > std::exchange(room_before_, room)) {
        pollers_.room_came();
    }
    pollers_.tell(ready());
}

std::uint32_t PseudoTerminal::ready() const {
    std::uint32_t events = readable() ? fs::Poll::readable : 0;
    events |= news_ != 0 ? fs::Poll::priority : 0;
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
    pollers_.end_came();
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
