// SPDX-License-Identifier: MIT
// How signals end blocking calls.
//
// A handler that waits marks its kernel call interruptible. When that answers `interrupted`
// (abi::Error or interfaces::Status), the handler asks interrupted(): is there really a signal for
// this thread that is neither blocked nor ignored? If not (the signal is blocked, or was for another
// thread), it waits again. If so, it returns -EINTR for a call that Linux never restarts
// (nanosleep, poll, ...), or `restart` for one that it restarts under SA_RESTART (read, write,
// wait4, ...).
//
//     for (;;) {
//         auto answer = ipc::call(file, fs::Read{...}, {.interruptible = true});
//         if (!answer && is_interruption(answer.error())) {
//             if (signals::interrupted()) return restart;
//             continue;
//         }
//         ...
//     }
#pragma once

#include <cstdint>

#include "libs/ipc/failure.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux {

// Becomes -EINTR, or the call is made again, as the handler's SA_RESTART says. Never seen by
// programs.
inline constexpr std::int64_t restart = -512;
inline constexpr Errno restart_errno{512};  // the same as the error of a Result

constexpr bool is_interruption(ipc::Failure failure) {
    return failure == ipc::Failure{abi::Error::interrupted} ||
           failure == ipc::Failure{ipc::Status::interrupted};
}
constexpr bool is_interruption(abi::Error error) { return error == abi::Error::interrupted; }

namespace signals {

// Takes in what has been signalled; is there something that this thread must now handle?
[[nodiscard]] bool interrupted();

// Raises a signal on the calling thread, delivered before the current system call returns
// (SIGPIPE of write, SIGSYS, ...).
void raise(std::uint32_t signal);

}  // namespace signals
}  // namespace linux
