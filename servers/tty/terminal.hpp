// SPDX-License-Identifier: MIT
// One terminal: its line discipline, the readers and writers that wait, who polls it, and the session that it controls.
//
// Reads are answered in the order in which they came. What a reader could not be given (it was interrupted, it died) goes
// to the next one.
#pragma once

#include <cstdint>
#include <list>

#include "interfaces/display.hpp"
#include "interfaces/fs.hpp"
#include "interfaces/process.hpp"
#include "interfaces/tty.hpp"
#include "libs/ipc/request.hpp"
#include "servers/tty/line_discipline.hpp"

namespace tty {

template <class T>
using Result = base::Result<T, interfaces::Status>;

class Terminal final : LineDiscipline::Host {
public:
    // `screen` shows it as its terminal number `minor`.
    Terminal(std::uint32_t minor, ipc::Ref<display::Screen> screen)
        : minor_(minor), screen_(screen) {}
    Terminal(const Terminal&) = delete;

    [[nodiscard]] std::uint32_t minor() const { return minor_; }
    [[nodiscard]] LineDiscipline& discipline() { return discipline_; }

    // ---- the line
    void receive(std::string_view bytes);

    // ---- programs
    // The answer, or it is deferred.
    Result<fs::Read::Reply> read(const fs::Read& read, ipc::Request& request, std::uint64_t now);
    Result<fs::Write::Reply> write(const fs::Write& write, ipc::Request& request);
    Result<fs::Poll::Reply> poll(const fs::Poll& poll, ipc::Request& request);
    void set_settings(const Settings& settings, std::uint32_t when);
    void flush(std::uint32_t queues);
    // May this process group use the terminal now?
    [[nodiscard]] bool in_background(std::uint32_t group) const {
        return foreground_ != 0 && group != 0 && group != foreground_;
    }

    // ---- sessions
    Result<void> attach(const Attach& attach, ipc::Capability<process::Session> session);
    void detach(std::uint32_t session);
    Result<void> set_foreground(const SetForeground& set);
    [[nodiscard]] std::uint32_t foreground() const { return foreground_; }
    [[nodiscard]] std::uint32_t session() const { return session_number_; }

    // ---- size
    [[nodiscard]] GetSize::Reply size();
    void set_size(const SetSize& size);

    // ---- time: reads with a time limit
    [[nodiscard]] std::uint64_t deadline() const;
    void on_deadline(std::uint64_t now);

private:
    struct Reader {
        ipc::PendingReply reply;
        std::size_t length;
        std::uint64_t deadline;
    };
    struct Writer {
        ipc::PendingReply reply;
        std::string bytes;
    };
    struct Poller {
        ipc::Capability<ipc::Notification> notification;
        std::uint32_t events;
        std::uint64_t bits;
    };

    void transmit(std::string_view bytes) override;
    void signal(std::uint32_t number) override;
    // A read of this length can be answered now (the settings' least count is there, or a line).
    [[nodiscard]] bool satisfied() const;
    void serve_readers();
    void serve_writers();
    void tell_pollers();
    [[nodiscard]] std::uint32_t ready() const;
    void signal_group(std::uint32_t group, std::uint32_t number);

    const std::uint32_t minor_;
    ipc::Ref<display::Screen> screen_;
    LineDiscipline discipline_{*this};
    std::list<Reader> readers_;
    std::list<Writer> writers_;
    std::list<Poller> pollers_;
    std::uint32_t session_number_ = 0;
    std::uint32_t foreground_ = 0;
    ipc::Capability<process::Session> session_;
    bool size_set_ = false;
    GetSize::Reply size_{};
};

}  // namespace tty
