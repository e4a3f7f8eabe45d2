// SPDX-License-Identifier: MIT
// timerfd and signalfd.
#include "abi/linux/file.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/fd/signal_queue.hpp"
#include "linux/fd/table.hpp"
#include "linux/fd/timer.hpp"
#include "linux/signal/state.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/time/clock.hpp"

namespace linux {
namespace {

using fd::Handle;
using fd::TimerCount;
using linux_abi::ClockId;
using linux_abi::OpenFlag;

constexpr std::uint32_t creation_flags = OpenFlag::close_on_exec | OpenFlag::non_block;

struct TimerSetting {  // struct itimerspec
    linux_abi::Timespec interval, value;
};

TimerSetting to_setting(const TimerCount::Setting& setting) {
    return {to_timespec(setting.interval_ns), to_timespec(setting.value_ns)};
}

Result<std::int64_t> create_timer(std::int32_t clock, std::uint32_t flags) {
    const bool real_time = clock == ClockId::real_time || clock == ClockId::real_time_alarm;
    const bool monotonic = clock == ClockId::monotonic || clock == ClockId::boot_time ||
                           clock == ClockId::boot_time_alarm;
    if ((flags & ~creation_flags) != 0 || (!real_time && !monotonic)) {
        return base::fail(Errno::einval);
    }
    Handle timer = TRY(TimerCount::create(real_time, flags & OpenFlag::non_block));
    return fd::table.install(std::move(timer), (flags & OpenFlag::close_on_exec) != 0);
}

// The description stays as long as the handle does.
Result<TimerCount*> timer_of(const Handle& description) {
    TimerCount* timer = description->timer();
    if (timer == nullptr) {
        return base::fail(Errno::einval);
    }
    return timer;
}

Result<void> set_timer(const Arguments& arguments) {
    constexpr std::uint32_t absolute = 1, cancel_on_set = 2;  // nobody sets the clock
    const auto fresh = TRY(user::read<TimerSetting>(arguments[2]));
    const std::uint64_t value = TRY(to_ns(fresh.value));
    const std::uint64_t interval = TRY(to_ns(fresh.interval));
    if ((arguments.word(1) & ~(absolute | cancel_on_set)) != 0) {
        return base::fail(Errno::einval);
    }
    const Handle description = TRY(fd::table.get_open(arguments.integer(0)));
    TimerCount* timer = TRY(timer_of(description));
    std::uint64_t deadline = 0;
    if (value != 0) {
        deadline = (arguments.word(1) & absolute) == 0 ? deadline_after(monotonic_now(), value)
                   : timer->is_real_time() ? std::max<std::uint64_t>(real_time_deadline(value), 1)
                                           : value;
    }
    const auto before = timer->set(deadline, interval);
    return arguments[3] == 0 ? Result<void>{} : user::write(arguments[3], to_setting(before));
}

Result<void> look_at_timer(const Arguments& arguments) {
    const Handle description = TRY(fd::table.get_open(arguments.integer(0)));
    const TimerCount* timer = TRY(timer_of(description));
    return user::write(arguments[1], to_setting(timer->look()));
}

Result<std::int64_t> make_signal_queue(const Arguments& arguments, std::uint32_t flags) {
    using linux_abi::SignalSet;
    if ((flags & ~creation_flags) != 0 || arguments[2] != sizeof(SignalSet)) {
        return base::fail(Errno::einval);
    }
    const SignalSet set = TRY(user::read<SignalSet>(arguments[1])) & ~signals::unblockable;
    if (arguments.integer(0) == -1) {
        return fd::table.install(Handle{new fd::SignalQueue(set, flags & OpenFlag::non_block)},
                                 (flags & OpenFlag::close_on_exec) != 0);
    }
    const Handle description = TRY(fd::table.get_open(arguments.integer(0)));
    if (description->signal_queue() == nullptr) {
        return base::fail(Errno::einval);
    }
    description->signal_queue()->change(set);
    return arguments.integer(0);
}

}  // namespace

namespace calls {

std::int64_t timerfd_create(const Arguments& arguments) {
    return to_return(create_timer(arguments.integer(0), arguments.word(1)));
}
std::int64_t timerfd_settime(const Arguments& arguments) { return to_return(set_timer(arguments)); }
std::int64_t timerfd_gettime(const Arguments& arguments) {
    return to_return(look_at_timer(arguments));
}
std::int64_t signalfd(const Arguments& arguments) {
    return to_return(make_signal_queue(arguments, 0));
}
std::int64_t signalfd4(const Arguments& arguments) {
    return to_return(make_signal_queue(arguments, arguments.word(3)));
}

}  // namespace calls
}  // namespace linux
