// SPDX-License-Identifier: MIT
// POSIX timers.
#include "linux/entry/user_memory.hpp"
#include "linux/process/thread.hpp"
#include "linux/signal/state.hpp"
#include "linux/signal/timers.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/time/clock.hpp"

namespace linux {
namespace {

using linux_abi::ClockId;
using timers::Notice;

struct SignalEvent {  // struct sigevent
    std::uint64_t value;
    std::int32_t signal;
    std::int32_t how;
    std::uint32_t thread;
    std::uint32_t padding[11];
};
static_assert(sizeof(SignalEvent) == 64);

struct TimerSetting {  // struct itimerspec
    linux_abi::Timespec interval, value;
};

Result<Notice> read_notice(std::uint64_t address) {
    const auto event = TRY(user::read<SignalEvent>(address));
    const Notice notice{.how = event.how,
                        .signal = static_cast<std::uint32_t>(event.signal),
                        .value = event.value,
                        .thread = event.how == Notice::to_thread ? event.thread : 0};
    switch (event.how) {
        case Notice::none:      return notice;
        case Notice::by_signal:
        case Notice::by_thread:
        case Notice::to_thread: break;
        default:                return base::fail(Errno::einval);
    }
    if (event.signal < 1 || event.signal > static_cast<std::int32_t>(linux_abi::signal_count)) {
        return base::fail(Errno::einval);
    }
    if (event.how == Notice::to_thread) {
        MutexGuard guard{threads().lock()};
        if (threads().find(event.thread) == nullptr) {
            return base::fail(Errno::einval);
        }
    }
    return notice;
}

Result<void> create_timer(const Arguments& arguments) {
    bool real_time = false;
    switch (arguments.integer(0)) {
        case ClockId::real_time:
        case ClockId::real_time_alarm: real_time = true; break;
        case ClockId::monotonic:
        case ClockId::boot_time:
        case ClockId::boot_time_alarm: break;
        case ClockId::process_cpu:
        case ClockId::thread_cpu:      return base::fail(Errno::eopnotsupp);
        default:                       return base::fail(Errno::einval);
    }
    const Notice notice = arguments[1] == 0 ? Notice{} : TRY(read_notice(arguments[1]));
    const std::int32_t number = TRY(timers::create(notice, real_time, arguments[1] == 0));
    if (const auto written = user::write(arguments[2], number); !written) {
        (void)timers::remove(number);
        return written;
    }
    return {};
}

TimerSetting to_setting(const timers::Setting& setting) {
    return {to_timespec(setting.interval_ns), to_timespec(setting.value_ns)};
}

Result<void> set_timer(const Arguments& arguments) {
    const auto fresh = TRY(user::read<TimerSetting>(arguments[2]));
    const std::uint64_t value = TRY(to_ns(fresh.value));
    const std::uint64_t interval = TRY(to_ns(fresh.interval));
    const bool real_time = TRY(timers::is_real_time(arguments.integer(0)));
    std::uint64_t deadline = 0;
    if (value != 0) {
        const bool absolute = (arguments.word(1) & ClockId::absolute) != 0;
        deadline = !absolute   ? deadline_after(monotonic_now(), value)
                   : real_time ? std::max<std::uint64_t>(real_time_deadline(value), 1)
                               : value;
    }
    const auto before = TRY(timers::set(arguments.integer(0), deadline, interval));
    return arguments[3] == 0 ? Result<void>{} : user::write(arguments[3], to_setting(before));
}

Result<void> look_at_timer(const Arguments& arguments) {
    return user::write(arguments[1], to_setting(TRY(timers::look(arguments.integer(0)))));
}

}  // namespace

namespace calls {

std::int64_t timer_create(const Arguments& arguments) { return to_return(create_timer(arguments)); }
std::int64_t timer_settime(const Arguments& arguments) { return to_return(set_timer(arguments)); }
std::int64_t timer_gettime(const Arguments& arguments) {
    return to_return(look_at_timer(arguments));
}
std::int64_t timer_getoverrun(const Arguments& arguments) {
    return to_return(timers::overrun(arguments.integer(0)));
}
std::int64_t timer_delete(const Arguments& arguments) {
    return to_return(timers::remove(arguments.integer(0)));
}

}  // namespace calls
}  // namespace linux
