// SPDX-License-Identifier: MIT
// Clocks, sleeping, interval timers.
#include <algorithm>

#include "libs/ipc/protocol.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/state.hpp"
#include "linux/process/thread.hpp"
#include "linux/signal/interruption.hpp"
#include "linux/signal/state.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/time/clock.hpp"

namespace linux {
namespace {

using linux_abi::ClockId;

// Of all threads that there have been, also within servers. User's and system's are not told apart.
Result<std::uint64_t> process_cpu_time() {
    return TRY(or_errno(ipc::own_bank()->activity())).cpu_ns;
}

// A clock of one process's or thread's CPU time, as clock_getcpuclockid makes its number (Linux's
// include/linux/posix-timers.h): ~id, then one bit for a thread, then two for which time. The id is
// 0 for the caller; other processes' are EINVAL, as if they did not exist.
Result<std::uint64_t> read_owned_clock(std::int32_t clock) {
    constexpr std::int32_t of_thread = 4, kinds = 3, of_device = 3;
    const std::int32_t id = ~(clock >> 3);
    if ((clock & kinds) == of_device) {
        return base::fail(Errno::einval);
    }
    if ((clock & of_thread) != 0) {
        MutexGuard guard{threads().lock()};
        Thread* thread = id == 0 ? &this_thread() : threads().find(static_cast<std::uint32_t>(id));
        if (thread == nullptr) {
            return base::fail(Errno::einval);
        }
        return TRY(or_errno(thread->kernel()->query())).cpu_ns;
    }
    if (id != 0 && id != static_cast<std::int32_t>(identity().pid)) {
        return base::fail(Errno::einval);
    }
    return process_cpu_time();
}

Result<std::uint64_t> read_clock(std::int32_t clock) {
    if (clock < 0) {
        return read_owned_clock(clock);
    }
    switch (clock) {
        case ClockId::real_time:
        case ClockId::real_time_coarse:
        case ClockId::real_time_alarm:
        case ClockId::atomic_time:      return real_time_now();
        case ClockId::monotonic:
        case ClockId::monotonic_raw:
        case ClockId::monotonic_coarse:
        case ClockId::boot_time:
        case ClockId::boot_time_alarm:  return monotonic_now();
        case ClockId::process_cpu:      return process_cpu_time();
        case ClockId::thread_cpu:       return TRY(or_errno(this_thread().kernel()->query())).cpu_ns;
        default:                        return base::fail(Errno::einval);
    }
}

bool is_real_time(std::int32_t clock) {
    return clock == ClockId::real_time || clock == ClockId::real_time_alarm ||
           clock == ClockId::atomic_time;
}

// Until the deadline; with a signal before it, the rest is written to `rest_at`.
std::int64_t sleep(std::uint64_t deadline, std::uint64_t rest_at) {
    while (!signals::sleep_until(deadline)) {
        if (!signals::interrupted()) {
            continue;
        }
        if (rest_at != 0) {
            const std::uint64_t now = monotonic_now();
            const auto written =
                user::write(rest_at, to_timespec(deadline > now ? deadline - now : 0));
            if (!written) {
                return -written.error();
            }
        }
        return -Errno::eintr;
    }
    return 0;
}

Result<std::uint64_t> read_duration(std::uint64_t address) {
    const auto time = TRY(user::read<linux_abi::Timespec>(address));
    return to_ns(time);
}

// An interval timer, by its number among Linux's (ITIMER_REAL, _VIRTUAL, _PROF; getitimer(2)), and procmgr's. CPU time is
// not told apart into the program's own and the system's, so the last two count the same.
struct WhichTimer {
    std::uint32_t number, signal;
};
constexpr WhichTimer real_timer{0, linux_abi::sig_alrm};
Result<WhichTimer> which_timer(std::int32_t which) {
    using process::SetTimer;
    switch (which) {
        case 0:  return real_timer;
        case 1:  return WhichTimer{SetTimer::first_cpu_timer, linux_abi::sig_vtalrm};
        case 2:  return WhichTimer{SetTimer::first_cpu_timer + 1, linux_abi::sig_prof};
        default: return base::fail(Errno::einval);
    }
}

Result<process::SetTimer::Reply> set_timer(WhichTimer which, std::uint64_t value_ns,
                                           std::uint64_t interval_ns) {
    return TRY(or_errno(ipc::call(own_process(), process::SetTimer{.timer = which.number,
                                                                   .signal = which.signal,
                                                                   .value_ns = value_ns,
                                                                   .interval_ns = interval_ns})))
        .reply;
}

// There is no operation to look: the timer is taken down and put up again.
Result<process::SetTimer::Reply> look_at_timer(WhichTimer which) {
    const auto old = TRY(set_timer(which, 0, 0));
    if (old.value_ns != 0) {
        TRY(set_timer(which, old.value_ns, old.interval_ns));
    }
    return old;
}

linux_abi::IntervalTimer to_timer(const process::SetTimer::Reply& reply) {
    return {.interval = to_timeval(reply.interval_ns), .value = to_timeval(reply.value_ns)};
}

Result<void> set_interval_timer(const Arguments& arguments) {
    const WhichTimer which = TRY(which_timer(arguments.integer(0)));
    process::SetTimer::Reply old;
    if (arguments[1] == 0) {
        old = TRY(set_timer(which, 0, 0));
    } else {
        const auto timer = TRY(user::read<linux_abi::IntervalTimer>(arguments[1]));
        const std::uint64_t value = TRY(to_ns(timer.value));
        const std::uint64_t interval = TRY(to_ns(timer.interval));
        old = TRY(set_timer(which, value, interval));
    }
    if (arguments[2] != 0) {
        TRY(user::write(arguments[2], to_timer(old)));
    }
    return {};
}

}  // namespace

namespace calls {

std::int64_t clock_gettime(const Arguments& arguments) {
    const auto now = read_clock(arguments.integer(0));
    return now ? to_return(user::write(arguments[1], to_timespec(*now))) : -now.error();
}

std::int64_t clock_getres(const Arguments& arguments) {
    if (!read_clock(arguments.integer(0))) {
        return -Errno::einval;
    }
    return arguments[1] == 0 ? 0 : to_return(user::write(arguments[1], to_timespec(1)));
}

// Nobody may; but what could not be set either is said first, as on Linux.
std::int64_t clock_settime(const Arguments& arguments) {
    const std::int32_t clock = arguments.integer(0);
    if (clock != ClockId::real_time && (clock >= 0 || !read_clock(clock))) {
        return -Errno::einval;
    }
    const auto time = read_duration(arguments[1]);
    return time ? -Errno::eperm : -time.error();
}

std::int64_t gettimeofday(const Arguments& arguments) {
    if (arguments[1] != 0) {
        const std::int32_t zone[2] = {0, 0};
        const auto written = user::write(arguments[1], zone);
        if (!written) {
            return -written.error();
        }
    }
    return arguments[0] == 0 ? 0
                             : to_return(user::write(arguments[0], to_timeval(real_time_now())));
}

std::int64_t settimeofday(const Arguments&) { return -Errno::eperm; }

std::int64_t time(const Arguments& arguments) {
    const auto seconds = static_cast<std::int64_t>(real_time_now() / second_ns);
    if (arguments[0] != 0) {
        const auto written = user::write(arguments[0], seconds);
        if (!written) {
            return -written.error();
        }
    }
    return seconds;
}

std::int64_t nanosleep(const Arguments& arguments) {
    const auto duration = read_duration(arguments[0]);
    if (!duration) {
        return -duration.error();
    }
    return sleep(deadline_after(monotonic_now(), *duration), arguments[1]);
}

std::int64_t clock_nanosleep(const Arguments& arguments) {
    const std::int32_t clock = arguments.integer(0);
    if (clock < 0 || clock == ClockId::thread_cpu || clock == ClockId::process_cpu ||
        !read_clock(clock)) {
        return -Errno::einval;
    }
    const auto duration = read_duration(arguments[2]);
    if (!duration) {
        return -duration.error();
    }
    if ((arguments.word(1) & ClockId::absolute) == 0) {
        return sleep(deadline_after(monotonic_now(), *duration), arguments[3]);
    }
    return sleep(
        is_real_time(clock) ? real_time_deadline(*duration) : std::max<std::uint64_t>(*duration, 1),
        0);
}

std::int64_t alarm(const Arguments& arguments) {
    const auto old = set_timer(real_timer, arguments.word(0) * second_ns, 0);
    if (!old) {
        return -old.error();
    }
    return static_cast<std::int64_t>((old->value_ns + second_ns - 1) / second_ns);
}

std::int64_t setitimer(const Arguments& arguments) {
    return to_return(set_interval_timer(arguments));
}

std::int64_t getitimer(const Arguments& arguments) {
    const auto which = which_timer(arguments.integer(0));
    if (!which) {
        return -which.error();
    }
    const auto now = look_at_timer(*which);
    return now ? to_return(user::write(arguments[1], to_timer(*now))) : -now.error();
}

}  // namespace calls
}  // namespace linux
