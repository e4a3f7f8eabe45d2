// SPDX-License-Identifier: MIT
#include "servers/tty/terminal.hpp"

#include <algorithm>

namespace tty {

namespace {

using interfaces::Status;

constexpr std::uint32_t signal_window_changed = 28;
constexpr std::uint64_t tenth_of_a_second = 100'000'000;
constexpr std::size_t most_pollers = 256;
constexpr std::size_t most_waiting = 256;

}  // namespace

// ---- the line -----------------------------------------------------------------------------------

void Terminal::receive(std::string_view bytes) {
    discipline_.receive(bytes);
    serve_readers();
    serve_writers();
    tell_pollers();
}

void Terminal::transmit(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::string_view part = bytes.substr(0, abi::message_bytes);
        // A screen that is gone shows nothing; the programs go on.
        (void)ipc::call(screen_, display::Write{.terminal = minor_}, {.payload = ipc::bytes(part)});
        bytes.remove_prefix(part.size());
    }
}

void Terminal::signal(std::uint32_t number) { signal_group(foreground_, number); }

void Terminal::signal_group(std::uint32_t group, std::uint32_t number) {
    if (session_) {
        (void)ipc::call(session_, process::SignalGroup{.group = group, .signal = number});
    }
}

// ---- reading and writing --------------------------------------------------------------------------

bool Terminal::satisfied() const {
    if ((discipline_.settings().local & LocalFlags::canonical) != 0) {
        return discipline_.readable();
    }
    const std::size_t least = discipline_.settings().characters[least_count];
    return discipline_.readable() && discipline_.pending() >= std::max<std::size_t>(least, 1);
}

Result<fs::Read::Reply> Terminal::read(const fs::Read& read, ipc::Request& request,
                                       std::uint64_t now) {
    if (in_background(read.process_group)) {
        return base::fail(Status::background);
    }
    const std::size_t length = std::min<std::size_t>(read.length, abi::message_bytes);
    if (readers_.empty() && satisfied()) {
        const std::string bytes = discipline_.read(length);
        request.set_reply_payload(ipc::bytes(bytes));
        return fs::Read::Reply{};
    }
    const Settings& settings = discipline_.settings();
    const bool canonical = (settings.local & LocalFlags::canonical) != 0;
    const bool timed = !canonical && settings.characters[least_count] == 0;
    if (timed && settings.characters[time_limit] == 0) {
        return fs::Read::Reply{};
    }
    if ((read.flags & fs::Read::no_wait) != 0) {
        return base::fail(Status::would_block);
    }
    if (readers_.size() >= most_waiting) {
        return base::fail(Status::limit);
    }
    ipc::PendingReply reply = TRY(request.defer());
    const std::uint64_t deadline =
        timed ? now + settings.characters[time_limit] * tenth_of_a_second : ipc::no_deadline;
    readers_.push_back({std::move(reply), length, deadline});
    return fs::Read::Reply{};
}

void Terminal::serve_readers() {
    while (!readers_.empty() && satisfied()) {
        Reader& reader = readers_.front();
        const std::string bytes = discipline_.read(reader.length);
        if (!reader.reply.answer<fs::Read>({}, {.payload = ipc::bytes(bytes)})) {
            discipline_.unread(bytes);
        }
        readers_.pop_front();
    }
}

Result<fs::Write::Reply> Terminal::write(const fs::Write& write, ipc::Request& request) {
    if ((discipline_.settings().local & LocalFlags::stop_background_output) != 0 &&
        in_background(write.process_group)) {
        return base::fail(Status::background);
    }
    // The payload is in the page that the screen's message will use.
    std::string bytes(request.text());
    if (!discipline_.output_stopped()) {
        discipline_.write(bytes);
        return fs::Write::Reply{.count = bytes.size()};
    }
    if ((write.flags & fs::Write::no_wait) != 0) {
        return base::fail(Status::would_block);
    }
    if (writers_.size() >= most_waiting) {
        return base::fail(Status::limit);
    }
    writers_.push_back({TRY(request.defer()), std::move(bytes)});
    return fs::Write::Reply{};
}

void Terminal::serve_writers() {
    while (!writers_.empty() && !discipline_.output_stopped()) {
        Writer& writer = writers_.front();
        if (writer.reply.answer<fs::Write>({.count = writer.bytes.size()})) {
            discipline_.write(writer.bytes);
        }
        writers_.pop_front();
    }
}

// ---- polling ----------------------------------------------------------------------------------------

std::uint32_t Terminal::ready() const {
    std::uint32_t events = 0;
    if (satisfied()) {
        events |= fs::Poll::readable;
    }
    if (!discipline_.output_stopped()) {
        events |= fs::Poll::writable;
    }
    return events;
}

Result<fs::Poll::Reply> Terminal::poll(const fs::Poll& poll, ipc::Request& request) {
    const std::uint32_t events = ready() & poll.events;
    if (events == 0 && request.capability_count() == 1) {
        if (pollers_.size() >= most_pollers) {
            pollers_.pop_front();  // told of something that may not have happened: it looks again
        }
        pollers_.push_back({request.take<ipc::Notification>(), poll.events, poll.bits});
    }
    return fs::Poll::Reply{.ready = events};
}

void Terminal::tell_pollers() {
    const std::uint32_t events = ready();
    for (auto poller = pollers_.begin(); poller != pollers_.end();) {
        if ((poller->events & events) == 0) {
            ++poller;
            continue;
        }
        (void)poller->notification->signal(poller->bits);
        poller = pollers_.erase(poller);
    }
}

// ---- settings, sessions, size ---------------------------------------------------------------------------

void Terminal::set_settings(const Settings& settings, std::uint32_t when) {
    if (when == SetSettings::after_output_flush_input) {
        discipline_.flush_input();
    }
    discipline_.set(settings);
    serve_readers();
    tell_pollers();
}

void Terminal::flush(std::uint32_t queues) {
    if ((queues & Flush::input) != 0) {
        discipline_.flush_input();
    }
}

Result<void> Terminal::attach(const Attach& attach, ipc::Capability<process::Session> session) {
    if (session_number_ != 0 && session_number_ != attach.session && attach.force == 0) {
        return base::fail(Status::not_permitted);
    }
    session_ = std::move(session);
    session_number_ = attach.session;
    foreground_ = attach.group;
    return {};
}

void Terminal::detach(std::uint32_t session) {
    if (session != session_number_) {
        return;
    }
    session_.reset();
    session_number_ = 0;
    foreground_ = 0;
    discipline_.flush_input();
    discipline_.set(default_settings());
}

Result<void> Terminal::set_foreground(const SetForeground& set) {
    if (!session_) {
        return base::fail(Status::not_terminal);
    }
    const auto checked = ipc::call(session_, process::CheckGroup{.group = set.group});
    if (!checked) {
        return base::fail(ipc::to_status(checked.error()));
    }
    foreground_ = set.group;
    return {};
}

GetSize::Reply Terminal::size() {
    if (size_set_) {
        return size_;
    }
    const auto asked = ipc::call(screen_, display::GetSize{.terminal = minor_});
    if (!asked) {
        return {.rows = 24, .columns = 80};
    }
    const auto& reply = asked->reply;
    return {
        .rows = reply.rows, .columns = reply.columns, .width = reply.width, .height = reply.height};
}

void Terminal::set_size(const SetSize& size) {
    size_ = {
        .rows = size.rows, .columns = size.columns, .width = size.width, .height = size.height};
    size_set_ = true;
    signal(signal_window_changed);
}

// ---- time -------------------------------------------------------------------------------------------------

std::uint64_t Terminal::deadline() const {
    std::uint64_t earliest = ipc::no_deadline;
    for (const Reader& reader : readers_) {
        earliest = std::min(earliest, reader.deadline);
    }
    return earliest;
}

void Terminal::on_deadline(std::uint64_t now) {
    for (auto reader = readers_.begin(); reader != readers_.end();) {
        if (reader->deadline > now) {
            ++reader;
            continue;
        }
        (void)reader->reply.answer<fs::Read>({}, {});
        reader = readers_.erase(reader);
    }
}

}  // namespace tty
