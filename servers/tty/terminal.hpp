// SPDX-License-Identifier: MIT
// One terminal: its line discipline, the readers and writers that wait, who polls it, and the session that it controls.
//
// Reads are answered in the order in which they came. What a reader could not be given (it was interrupted, it died) goes
// to the next one.
#pragma once

#include <cstdint>

#include "interfaces/fs.hpp"
#include "interfaces/process.hpp"
#include "interfaces/tty.hpp"
#include "servers/tty/line.hpp"
#include "servers/tty/line_discipline.hpp"
#include "servers/tty/waiting.hpp"

namespace tty {

inline constexpr std::uint32_t screen_major = 4, console_major = 5, slave_major = 136;
inline constexpr std::uint32_t own_minor = 0, master_minor = 2,
                               keyboard_minor = 3;  // of console_major

struct DeviceNumber {
    std::uint32_t major = 0, minor = 0;
};

class Terminal final : LineDiscipline::Host {
public:
    Terminal(DeviceNumber device, Line& line, ipc::Ref<process::Sessions> sessions)
        : device_(device), line_(line), sessions_(sessions) {}
    Terminal(const Terminal&) = delete;

    [[nodiscard]] DeviceNumber device() const { return device_; }
    [[nodiscard]] LineDiscipline& discipline() { return discipline_; }
    [[nodiscard]] const LineDiscipline& discipline() const { return discipline_; }

    // ---- the line
    // What the line discipline has no room for waits, up to a limit. -> how many are done with: beyond that, as long as keys may
    // send signals, all, and what has no place is lost; otherwise the rest is to come again.
    static constexpr std::size_t backlog_limit = 64 << 10;
    std::size_t receive(std::string_view bytes);
    // What the line's other end answers is input.
    void take_answers();
    // Whoever waits and need not any more.
    void serve();
    void tell_pollers() { pollers_.tell(ready()); }
    // What the line does beside `receive`.
    void input_came() { pollers_.input_came(); }
    void room_came() { pollers_.room_came(); }
    // Whatever is open of it now is of no use any more: it has an earlier `epoch`.
    void hang_up();
    [[nodiscard]] std::uint32_t epoch() const { return epoch_; }
    void signal_leader_of_end();

    // ---- programs
    // What was read, or it is deferred. `any`: less than the settings' least count will do.
    Result<std::string> read(const fs::Read& read, ipc::Request& request, bool any);
    Result<fs::Write::Reply> write(const fs::Write& write, ipc::Request& request);
    fs::Poll::Reply poll(const fs::Poll& poll, ipc::Request& request) {
        return pollers_.poll(poll, request, ready());
    }
    void set_settings(const Settings& settings, std::uint32_t when);
    void flush(std::uint32_t queues);
    void flow(std::uint32_t action);
    // May this process group use the terminal now?
    [[nodiscard]] bool in_background(std::uint32_t group) const {
        return foreground_ != 0 && group != 0 && group != foreground_;
    }

    // Only user 0 may open it.
    bool exclusive = false;

    // ---- sessions
    Result<Attach::Reply> attach(const Attach& attach);
    // The session has ended: its foreground group hears of it.
    void detach();
    // For the next session: as if nobody had used it.
    void reset();
    void signal_foreground(std::uint32_t number) { signal_group(foreground_, number); }
    Result<void> set_foreground(const SetForeground& set);
    [[nodiscard]] std::uint32_t foreground() const { return foreground_; }
    [[nodiscard]] std::uint32_t session() const { return session_; }

    // ---- size
    [[nodiscard]] GetSize::Reply size();
    void set_size(const SetSize& size);

    // ---- time: reads with a time limit
    [[nodiscard]] std::uint64_t deadline() const;
    void on_deadline(std::uint64_t now);

private:
    void transmit(std::string_view bytes) override { line_.transmit(bytes); }
    void discard() override { line_.discard(); }
    void input_dropped() override { line_.input_dropped(); }
    void output_stops(bool stops) override {
        line_.output_stops(stops);
        pollers_.room_came();
    }
    void signal(std::uint32_t number) override { signal_foreground(number); }
    // As many of these bytes as there is room for on the line go out.
    std::size_t put_out(std::string_view bytes);
    [[nodiscard]] bool takes_output() const;
    [[nodiscard]] bool canonical() const {
        return (discipline_.settings().local & LocalFlags::canonical) != 0;
    }
    [[nodiscard]] std::size_t least() const {
        return discipline_.settings().characters[least_count];
    }
    [[nodiscard]] std::uint64_t limit() const;  // ns; 0: none
    // A read of this length can be answered now: a line is there, or the settings' least count.
    [[nodiscard]] bool satisfied(std::size_t length) const;
    void feed();
    void drop_input();
    void serve_readers();
    // Raw, with a least count and a time limit: that is the time between two bytes, from the first on.
    void watch_between_bytes();
    void serve_writers();
    [[nodiscard]] std::uint32_t ready() const;
    void signal_group(std::uint32_t group, std::uint32_t number);

    const DeviceNumber device_;
    Line& line_;
    const ipc::Ref<process::Sessions> sessions_;
    LineDiscipline discipline_{*this};
    std::string backlog_;  // what came in and waits for room; it may be a password
    std::size_t fed_ = 0;  // of these bytes, which are wiped
    Readers readers_;
    Writers writers_;
    Pollers pollers_;
    std::uint32_t epoch_ = 0;
    std::uint32_t session_ = 0;     // 0: none
    std::uint32_t foreground_ = 0;  // a process group of it
    bool size_set_ = false;
    GetSize::Reply size_{};
};

}  // namespace tty
