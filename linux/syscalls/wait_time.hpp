// SPDX-License-Identifier: MIT
// What the waiting calls of this folder have in common: how long, and with which signals blocked.
#pragma once

#include <cstdint>

#include "libs/ipc/syscall.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux {

// poll's milliseconds: negative is for ever, 0 not at all (a deadline of 0 means the same).
std::uint64_t deadline_in_ms(std::int32_t milliseconds);

// A relative time that the program gave by pointer (null: for ever).
class WaitTime {
public:
    static Result<WaitTime> from_timespec(std::uint64_t pointer);
    static Result<WaitTime> from_timeval(std::uint64_t pointer);

    // 0: do not wait.
    [[nodiscard]] std::uint64_t deadline() const { return deadline_; }
    // select and ppoll tell what was left. The structure may be read-only, so a fault is no error.
    void store_rest(std::uint64_t pointer) const;

private:
    std::uint64_t deadline_ = ipc::no_deadline;
    std::uint64_t unit_ns_ = 1;  // of the structure's second word
};

// The signal mask of ppoll, pselect6 and epoll_pwait: holds during the call.
class CallMask {
public:
    Result<void> set(std::uint64_t pointer, std::uint64_t size);
    // The call ends: with a signal, delivery puts the old mask back; else it is put back now.
    void finish(const Result<std::int64_t>& result);

private:
    bool is_set_ = false;
};

}  // namespace linux
