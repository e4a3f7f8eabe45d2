// SPDX-License-Identifier: MIT
// A pseudo-terminal: a terminal (the slave) whose line ends at a program (the master).
//
//      master's write --> line discipline --> slave's read
//      master's read  <-- output_         <-- slave's write, echo
//
// In packet mode (SetPackets) a read of the master tells first, in a byte of its own, what has happened to the slave; what the slave
// put out follows a zero byte.
//
// Both ways wait for room. Life: `master_closed` hangs the slave up; when the last open slave is closed, the master reads the end.
// What is open is counted by the service; `references` are all Files, also those that do not count as open.
#pragma once

#include "servers/tty/terminal.hpp"

namespace tty {

class PseudoTerminal final : public Line {
public:
    PseudoTerminal(std::uint32_t number, fs::Identity owner, ipc::Ref<process::Sessions> sessions);

    [[nodiscard]] std::uint32_t number() const { return slave_.device().minor; }
    [[nodiscard]] Terminal& slave() { return slave_; }
    // Of the slave, as a file: who may open it.
    fs::Attributes attributes;

    // ---- the master's end; each is followed by `settle`
    Result<std::string> read(const fs::Read& read, ipc::Request& request);
    Result<fs::Write::Reply> write(const fs::Write& write, ipc::Request& request);
    fs::Poll::Reply poll(const fs::Poll& poll, ipc::Request& request) {
        return pollers_.poll(poll, request, ready());
    }
    [[nodiscard]] std::size_t pending() const { return output_.size(); }
    void set_packets(bool on);
    [[nodiscard]] bool packets() const { return packets_; }
    // Of the master, as a terminal: nobody can open that a second time, so it is only remembered.
    bool exclusive = false;

    // Something has changed at one end: serves all who wait at either, as far as that goes. Uses the
    // message page.
    void settle();

    // ---- life
    bool locked = true;
    std::uint32_t references = 0;
    [[nodiscard]] bool has_master() const { return has_master_; }
    void slave_opened();
    void slave_closed();
    void master_closed();

    // ---- Line
    void transmit(std::string_view bytes) override;
    [[nodiscard]] std::size_t room() const override;
    void discard() override;
    void input_dropped() override { tell(SetPackets::input_flushed); }
    void output_stops(bool stops) override;
    void flow_characters_change(bool they_do) override;
    [[nodiscard]] GetSize::Reply size() override { return {}; }

private:
    // Nobody has the slave open any more.
    [[nodiscard]] bool ended() const { return was_opened_ && open_slaves_ == 0; }
    [[nodiscard]] std::uint32_t ready() const;
    // What a read of this length gets now; `drop` when it has it.
    [[nodiscard]] bool readable() const { return !output_.empty() || news_ != 0; }
    [[nodiscard]] std::string front(std::size_t length) const;
    void drop(std::size_t length);
    void tell(std::uint8_t what, std::uint8_t instead_of = 0);
    std::size_t feed(std::string_view bytes);
    bool serve_readers();
    bool serve_writers();

    Terminal slave_;
    std::string output_;
    bool packets_ = false;
    std::uint8_t news_ = 0;  // SetPackets; nothing without packet mode
    Readers readers_;
    Writers writers_;
    Pollers pollers_;
    bool has_master_ = true;
    bool was_opened_ = false;
    std::uint32_t open_slaves_ = 0;
    std::size_t room_before_ = 0;  // of the slave's discipline, when all were served last
};

}  // namespace tty
