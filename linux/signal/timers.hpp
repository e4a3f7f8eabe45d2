// SPDX-License-Identifier: MIT
//
// POSIX timers (timer_create). procmgr keeps the time and sends the signals; here is what it need not
// know: whom a signal is for, its value, and how often a timer has expired since its signal was
// last delivered (the overrun), which follows from the time alone.
//
//      number   0           the interval timer (setitimer), procmgr's own affair
//               1 ... 31    POSIX timers; the number is the timer's id
//
// Everything is guarded by signals::lock(). Not inherited by a child, gone after execve.
#pragma once

#include <cstdint>
#include <optional>

#include "abi/linux/process.hpp"
#include "linux/signal/pending.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux::timers {

struct Notice {
    static constexpr std::int32_t by_signal = 0, none = 1, by_thread = 2, to_thread = 4;
    std::int32_t how = by_signal;
    std::uint32_t signal = 14;
    std::uint64_t value = 0;
    std::uint32_t thread = 0;  // to_thread
};

struct Setting {
    std::uint64_t value_ns = 0, interval_ns = 0;  // value 0: off
};

// EAGAIN: too many.
Result<std::int32_t> create(const Notice& notice, bool real_time, bool value_is_id);
// EINVAL if there is no such timer. `deadline`: of the monotonic clock; 0: off. -> what was set.
Result<Setting> set(std::int32_t timer, std::uint64_t deadline, std::uint64_t interval);
Result<Setting> look(std::int32_t timer);
Result<bool> is_real_time(std::int32_t timer);
Result<std::int32_t> overrun(std::int32_t timer);
Result<void> remove(std::int32_t timer);

// The rest: for signals/state.cpp, with the lock held. A timer's signal came: the thread that it is
// for (0: any), and its details complete; none: the timer is gone.
std::optional<std::uint32_t> complete(SignalDetails& details);
// Such a signal is delivered now: counts its overrun.
void count_overrun(SignalDetails& details);

void forget();      // in a child
void remove_all();  // before another program begins

}  // namespace linux::timers
