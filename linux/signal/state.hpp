// SPDX-License-Identifier: MIT
// Dispositions and pending signals of the process.
//
// How a signal comes: procmgr sets a bit in the signal page and interrupts the first thread, or this
// process sends it to itself (send_to_thread, send_to_process: no message needed). The thread that
// looks next (take_in) moves what stands in the signal page to `process_pending`; each thread
// delivers what it does not block, its own first. What only other threads can take is announced to
// one of them by interrupting it.
//
// One lock guards dispositions, pending sets and masks of all threads. It is among those that fork
// takes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "abi/linux/signal.hpp"
#include "linux/process/mutex.hpp"
#include "linux/process/thread.hpp"
#include "linux/signal/pending.hpp"

namespace linux::signals {

using linux_abi::SignalSet;

inline constexpr SignalSet unblockable =
    linux_abi::signal_bit(linux_abi::sig_kill) | linux_abi::signal_bit(linux_abi::sig_stop);

enum class DefaultAction : std::uint8_t { terminate, core, ignore, stop, go_on };
constexpr DefaultAction default_action(std::uint32_t signal) {
    using namespace linux_abi;  // NOLINT: the names of signals
    switch (signal) {
        case sig_chld:
        case sig_urg:
        case sig_winch: return DefaultAction::ignore;
        case sig_cont:  return DefaultAction::go_on;
        case sig_stop:
        case sig_tstp:
        case sig_ttin:
        case sig_ttou:  return DefaultAction::stop;
        case sig_quit:
        case sig_ill:
        case sig_trap:
        case sig_abrt:
        case sig_bus:
        case sig_fpe:
        case sig_segv:
        case sig_xcpu:
        case sig_xfsz:
        case sig_sys:   return DefaultAction::core;
        default:        return DefaultAction::terminate;
    }
}

// Does nothing at all happen when such a signal is delivered?
constexpr bool is_ignored(const linux_abi::SignalAction& action, std::uint32_t signal) {
    if (action.handler == linux_abi::handler_ignore) {
        return signal != linux_abi::sig_kill && signal != linux_abi::sig_stop;
    }
    const DefaultAction what = default_action(signal);
    return action.handler == linux_abi::handler_default &&
           (what == DefaultAction::ignore || what == DefaultAction::go_on);
}

Mutex& lock();

linux_abi::SignalAction action_of(std::uint32_t signal);
// Returns the old one. Pending signals that are ignored from now on are forgotten.
linux_abi::SignalAction set_action(std::uint32_t signal, const linux_abi::SignalAction& action);
// execve: handlers become default actions; what is ignored stays so.
void reset_handlers();
SignalSet ignored_set();
void adopt(SignalSet ignored, SignalSet blocked);

// The calling thread's mask; what it unblocks is delivered before the program goes on.
void set_mask(SignalSet mask);
// For the duration of a waiting call: delivery restores the mask that is in force now.
void set_temporary_mask(SignalSet mask);
// The waiting call ended without a signal.
void end_temporary_mask();
// Pending for the calling thread or the process.
SignalSet pending();
// How many have become pending in the process.
std::uint64_t arrived();
// Is there a signal for the calling thread that is neither blocked, nor ignored, nor in `set`?
bool pending_outside(SignalSet set);

// EAGAIN: too many of this signal wait there. ESRCH: there is no such thread, any more.
Result<void> send_to_thread(std::uint32_t id, std::uint32_t signal, const SignalDetails& details);
// False: too many of this signal wait there.
bool send_to_process(std::uint32_t signal, const SignalDetails& details);

// The next signal of `set` that is pending for the calling thread; it is no longer pending then.
struct Taken {
    std::uint32_t signal;
    SignalDetails details;
};
std::optional<Taken> take(SignalSet set);
// Before there is a second thread: procmgr leaves out no signal any more.
void hear_all();
// Sleeps until a signal interrupts the thread or the deadline comes; true if it came.
bool sleep_until(std::uint64_t deadline);

// From now on `target` is signalled (bit 0) when a signal of the set becomes pending. `who`: several
// may watch for the same target.
struct Watch {
    ipc::Ref<ipc::Notification> target;
    SignalSet set;
    const void* who;
};
void watch(const Watch& watch);
void end_watch(ipc::Ref<ipc::Notification> target, const void* who);

void lay_out(linux_abi::SignalInfo& info, std::uint32_t signal, const SignalDetails& details);
void on_fork_child();

}  // namespace linux::signals
