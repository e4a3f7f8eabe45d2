// SPDX-License-Identifier: MIT
#include "servers/tty/terminal.hpp"

#include <algorithm>

#include "libs/base/wipe.hpp"
#include "libs/rt/clock.hpp"

namespace tty {

namespace {

constexpr std::uint32_t signal_hang_up = 1;
constexpr std::uint32_t signal_continue = 18;
constexpr std::uint32_t signal_window_changed = 28;
constexpr std::uint64_t tenth_of_a_second = 100'000'000;

// As TIOCPKT_DOSTOP means it.
bool has_flow_characters(const Settings& settings) {
    constexpr std::uint8_t control_q = 17, control_s = 19;
    return (settings.input & InputFlags::flow_output) != 0 &&
           settings.characters[start_character] == control_q &&
           settings.characters[stop_character] == control_s;
}

}  // namespace

// ---- the line -----------------------------------------------------------------------------------

std::size_t Terminal::receive(std::string_view bytes) {
    const std::size_t all = bytes.size();
    // What drops all that nobody has read need not wait behind that.
    const std::size_t drops = backlog_.empty() ? bytes.npos : discipline_.last_that_drops(bytes);
    if (drops != bytes.npos) {
        bytes.remove_prefix(drops);
        drop_input();
    }
    if (backlog_.empty()) {
        const std::string_view now = bytes.substr(0, discipline_.room());
        discipline_.receive(now);
        bytes.remove_prefix(now.size());
    }
    if (!bytes.empty()) {
        backlog_.reserve(backlog_limit);  // at once: it leaves nothing behind by growing
        const std::size_t count = std::min(bytes.size(), backlog_limit - backlog_.size());
        backlog_ += bytes.substr(0, count);
        bytes.remove_prefix(count);
        feed();
    }
    if (all != 0) {
        pollers_.input_came();
    }
    serve();
    tell_pollers();
    // Where a key may send a signal it must get through to the end.
    return discipline_.may_signal() ? all : all - bytes.size();
}

void Terminal::feed() {
    while (fed_ < backlog_.size()) {
        const std::size_t count = std::min(backlog_.size() - fed_, discipline_.room());
        if (count == 0) {
            return;
        }
        discipline_.receive(std::string_view{backlog_}.substr(fed_, count));
        base::wipe(backlog_.data() + fed_, count);
        fed_ += count;
    }
    backlog_.clear();
    fed_ = 0;
}

void Terminal::drop_input() {
    base::wipe(backlog_);
    fed_ = 0;
    discipline_.flush_input();
}

void Terminal::take_answers() {
    if (const std::string answers = line_.take_answers(); !answers.empty()) {
        receive(answers);
    }
}

void Terminal::serve() {
    feed();
    serve_readers();
    serve_writers();
}

void Terminal::hang_up() {
    ++epoch_;
    for (Reader& reader : readers_) {
        (void)reader.reply.answer<fs::Read>({}, {});
    }
    readers_.clear();
    for (Writer& writer : writers_) {
        (void)writer.reply.fail(Status::io_error);
    }
    writers_.clear();
    pollers_.end_came();
    pollers_.tell(~std::uint32_t{0});
}

// Its group in the foreground hears of it when the leader has ended of this.
void Terminal::signal_leader_of_end() {
    signal_group(0, signal_hang_up);
    signal_group(0, signal_continue);
}

void Terminal::signal_group(std::uint32_t group, std::uint32_t number) {
    if (session_ != 0) {
        (void)ipc::call(
            sessions_, process::SignalGroup{.session = session_, .group = group, .signal = number});
    }
}

// ---- reading and writing --------------------------------------------------------------------------

std::uint64_t Terminal::limit() const {
    return discipline_.settings().characters[time_limit] * tenth_of_a_second;
}

bool Terminal::satisfied(std::size_t length) const {
    if (canonical()) {
        return discipline_.readable();
    }
    const std::size_t wanted =
        std::clamp<std::size_t>(least(), 1, std::max<std::size_t>(length, 1));
    return discipline_.readable() && discipline_.pending() >= wanted;
}

Result<std::string> Terminal::read(const fs::Read& read, ipc::Request& request, bool any) {
    if (in_background(read.process_group)) {
        return base::fail(Status::background);
    }
    const std::size_t length = std::min<std::size_t>(read.length, abi::message_bytes);
    if (readers_.empty() && (satisfied(length) || (any && discipline_.readable()))) {
        std::string got = discipline_.read(length);
        feed();
        return got;
    }
    const bool waits_for_first = !canonical() && least() == 0;
    if (waits_for_first && limit() == 0) {
        return std::string{};
    }
    if ((read.flags & fs::Read::no_wait) != 0) {
        return base::fail(Status::would_block);
    }
    TRY(wait(readers_, request, length, waits_for_first ? rt::now() + limit() : ipc::no_deadline));
    watch_between_bytes();
    return std::string{};
}

void Terminal::serve_readers() {
    while (!readers_.empty() && satisfied(readers_.front().length)) {
        Reader& reader = readers_.front();
        const std::string bytes = discipline_.read(reader.length);
        if (!reader.reply.answer<fs::Read>({}, {.payload = ipc::bytes(bytes)})) {
            discipline_.unread(bytes);
        }
        readers_.pop_front();
        feed();
    }
    watch_between_bytes();
}

void Terminal::watch_between_bytes() {
    if (readers_.empty() || canonical() || least() == 0 || limit() == 0) {
        return;
    }
    Reader& first = readers_.front();
    if (const std::size_t there = discipline_.pending(); there != first.seen) {
        first.seen = there;
        first.deadline = rt::now() + limit();
    }
}

Result<fs::Write::Reply> Terminal::write(const fs::Write& write, ipc::Request& request) {
    if ((discipline_.settings().local & LocalFlags::stop_background_output) != 0 &&
        in_background(write.process_group)) {
        return base::fail(Status::background);
    }
    // The payload is in the page that the screen's message will use.
    std::string bytes(request.text());
    if (writers_.empty() && takes_output()) {
        return fs::Write::Reply{.count = put_out(bytes)};
    }
    if ((write.flags & fs::Write::no_wait) != 0) {
        return base::fail(Status::would_block);
    }
    TRY(wait(writers_, request, std::move(bytes)));
    return fs::Write::Reply{};
}

bool Terminal::takes_output() const {
    return !discipline_.output_stopped() && line_.room() >= discipline_.longest_output();
}

std::size_t Terminal::put_out(std::string_view bytes) {
    const std::string_view part = bytes.substr(0, line_.room() / discipline_.longest_output());
    discipline_.write(part);
    return part.size();
}

void Terminal::serve_writers() {
    while (!writers_.empty() && takes_output()) {
        Writer& writer = writers_.front();
        const std::size_t count =
            std::min(writer.bytes.size(), line_.room() / discipline_.longest_output());
        if (writer.reply.answer<fs::Write>({.count = count})) {
            put_out(writer.bytes);
        }
        writers_.pop_front();
    }
}

std::uint32_t Terminal::ready() const {
    const std::size_t wanted = limit() == 0 ? least() : 1;
    return (satisfied(wanted) ? fs::Poll::readable : 0) | (takes_output() ? fs::Poll::writable : 0);
}

// ---- settings, sessions, size ---------------------------------------------------------------------------

void Terminal::set_settings(const Settings& settings, std::uint32_t when) {
    if (when == SetSettings::after_output_flush_input) {
        drop_input();
    }
    const bool before = has_flow_characters(discipline_.settings());
    discipline_.set(settings);
    if (has_flow_characters(settings) != before) {
        line_.flow_characters_change(!before);
    }
    for (Reader& reader : readers_) {
        reader.deadline = ipc::no_deadline;
        reader.seen = 0;
    }
    pollers_.end_came();  // what was there may be readable now, or writable
    serve();
    tell_pollers();
}

void Terminal::flow(std::uint32_t action) {
    switch (action) {
        case Flow::stop_output:  discipline_.stop_output(); break;
        case Flow::start_output: discipline_.start_output(); break;
        case Flow::send_stop:    discipline_.send(stop_character); break;
        default:                 discipline_.send(start_character); break;
    }
    serve();
    tell_pollers();
}

void Terminal::flush(std::uint32_t queues) {
    if ((queues & Flush::input) != 0) {
        drop_input();
    }
    if ((queues & Flush::output) != 0) {
        discipline_.flush_output();
    }
}

Result<Attach::Reply> Terminal::attach(const Attach& attach) {
    const std::uint32_t before = session_ != attach.session ? session_ : 0;
    if (before != 0 && attach.force == 0) {
        return base::fail(Status::not_permitted);
    }
    session_ = attach.session;
    foreground_ = attach.session;
    return Attach::Reply{.before = before};
}

void Terminal::detach() {
    if (foreground_ != 0) {
        signal_group(foreground_, signal_hang_up);
        signal_group(foreground_, signal_continue);
    }
    session_ = 0;
    foreground_ = 0;
}

void Terminal::reset() {
    drop_input();
    discipline_.set(default_settings());
    exclusive = false;
}

Result<void> Terminal::set_foreground(const SetForeground& set) {
    if (session_ == 0) {
        return base::fail(Status::not_terminal);
    }
    const auto checked =
        ipc::call(sessions_, process::CheckGroup{.session = session_, .group = set.group});
    if (!checked) {
        return base::fail(ipc::to_status(checked.error()));
    }
    foreground_ = set.group;
    return {};
}

GetSize::Reply Terminal::size() { return size_set_ ? size_ : line_.size(); }

void Terminal::set_size(const SetSize& set) {
    const GetSize::Reply before = size();
    size_ = {.rows = set.rows, .columns = set.columns, .width = set.width, .height = set.height};
    size_set_ = true;
    if (size_ != before) {
        signal(signal_window_changed);
    }
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
        const std::string bytes = discipline_.read(reader->length);
        if (!reader->reply.answer<fs::Read>({}, {.payload = ipc::bytes(bytes)})) {
            discipline_.unread(bytes);
        }
        reader = readers_.erase(reader);
    }
    feed();
    watch_between_bytes();
}

}  // namespace tty
