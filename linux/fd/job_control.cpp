// SPDX-License-Identifier: MIT
#include "linux/fd/job_control.hpp"

#include "interfaces/process.hpp"
#include "libs/ipc/protocol.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/signal/state.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux::fd::job_control {

namespace {

// Does this thread block the signal, or the process ignore it?
bool is_held_back(std::uint32_t signal) {
    return (this_thread().mask & linux_abi::signal_bit(signal)) != 0 ||
           signals::action_of(signal).handler == linux_abi::handler_ignore;
}

}  // namespace

std::uint32_t reader() { return identity().has_terminal != 0 ? identity().group : 0; }

std::uint32_t writer() { return is_held_back(write_signal) ? 0 : reader(); }

std::int64_t stop(std::uint32_t signal) {
    const auto own = ipc::call(own_process(), process::Lookup{});
    if (is_held_back(signal) || (own && own->reply.orphaned != 0)) {
        return -Errno::eio;
    }
    const auto sent = ipc::call(own_process(), process::Kill{.pid = 0, .signal = signal});
    return sent ? restart : -to_errno(sent.error());
}

}  // namespace linux::fd::job_control
