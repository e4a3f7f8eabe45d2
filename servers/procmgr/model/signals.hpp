// SPDX-License-Identifier: MIT
// Signals: who may send which to whom, and what becomes of one that is sent.
//
// procmgr only writes pending bits into the page that it shares with the process and interrupts its
// first thread; dispositions, masks, handlers and default actions are the Linux library's affair.
// Three things are procmgr's own: SIGKILL ends the process; a stop and a continuation cancel each
// other's pending bits; SIGCONT continues a stopped process, whatever its disposition.
//
// Who may: user 0; otherwise sender and target must have the same user (SIGCONT: or the same
// session). Besides, a container is a wall: only a supervisor (profile `supervisor` or `admin`)
// sees processes that are neither in the sender's container, or one inside it, nor its descendants (so
// a shell reaches its jobs, whatever containers they are in; a job does not reach the shell). To all others
// such a process does not exist. Process 1 is procmgr itself: all know it, nobody reaches it.
#pragma once

#include <functional>
#include <vector>

#include "interfaces/process_image.hpp"
#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

namespace signal_number {
inline constexpr std::uint32_t hup = 1, interrupt = 2, quit = 3, bus = 7, kill = 9, segv = 11,
                               alarm = 14, term = 15, child = 17, cont = 18, stop = 19, tstp = 20,
                               ttin = 21, ttou = 22, winch = 28, count = 64;
}

constexpr std::uint64_t signal_bit(std::uint32_t signal) {
    return std::uint64_t{1} << (signal - 1);
}
constexpr bool is_signal(std::uint32_t signal) {
    return signal >= 1 && signal <= signal_number::count;
}
constexpr std::uint64_t stop_signals =
    signal_bit(signal_number::stop) | signal_bit(signal_number::tstp) |
    signal_bit(signal_number::ttin) | signal_bit(signal_number::ttou);

struct Sender {
    Pid pid = ProcessTable::self;
    bool supervisor = false;
    // Whether the container is inside the sender's.
    std::function<bool(std::uint32_t container)> contains = [](std::uint32_t) { return false; };
};

[[nodiscard]] bool sees(const ProcessTable& table, const Sender& sender, const Process& target);
[[nodiscard]] bool may_signal(const ProcessTable& table, const Sender& sender,
                              const Process& target, std::uint32_t signal);

// The processes that kill(pid, signal) reaches. no_process if the sender sees none; not_permitted if it
// sees some, but may signal none.
[[nodiscard]] Result<std::vector<Pid>> signal_targets(const ProcessTable& table,
                                                      const Sender& sender, std::int32_t pid,
                                                      std::uint32_t signal);

// Does the process say that nobody there would notice this one?
[[nodiscard]] bool is_unheard(process::SignalPage& page, std::uint32_t signal);

// Enters a signal in the page. The process may write to the page at the same time.
[[nodiscard]] bool set_pending(process::SignalPage& page, std::uint32_t signal,
                               const process::SignalPage::Info& info);

}  // namespace procmgr
