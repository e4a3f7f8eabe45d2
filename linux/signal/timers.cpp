// SPDX-License-Identifier: MIT
#include "linux/signal/timers.hpp"

#include <algorithm>
#include <array>

#include "libs/ipc/protocol.hpp"
#include "linux/process/mutex.hpp"
#include "linux/process/state.hpp"
#include "linux/signal/state.hpp"
#include "linux/time/clock.hpp"

namespace linux::timers {
namespace {

struct Timer {
    bool used = false;
    bool real_time = false;
    Notice notice;
    std::uint64_t deadline = 0;  // the first expiry that is not yet accounted for; 0: off
    std::uint64_t interval = 0;
    std::int32_t overrun = 0;
};

constexpr std::size_t count = 32;
constinit std::array<Timer, count> all __attribute__((guarded_by(signals::lock()))){};

Result<Timer*> find(std::int32_t number) __attribute__((requires_capability(signals::lock()))) {
    if (number < 1 || number >= static_cast<std::int32_t>(count) ||
        !all[static_cast<std::size_t>(number)].used) {
        return base::fail(Errno::einval);
    }
    return &all[static_cast<std::size_t>(number)];
}

Setting setting_of(const Timer& timer) {
    if (timer.deadline == 0) {
        return {};
    }
    const std::uint64_t now = monotonic_now();
    if (timer.deadline > now) {
        return {timer.deadline - now, timer.interval};
    }
    if (timer.interval == 0) {
        return {};
    }
    return {timer.interval - (now - timer.deadline) % timer.interval, timer.interval};
}

Result<void> tell_procmgr(std::int32_t number, std::uint32_t signal, const Setting& setting) {
    TRY(or_errno(
        ipc::call(own_process(), process::SetTimer{.timer = static_cast<std::uint32_t>(number),
                                                   .signal = signal,
                                                   .value_ns = setting.value_ns,
                                                   .interval_ns = setting.interval_ns})));
    return {};
}

bool sends(const Timer& timer) { return timer.notice.how != Notice::none; }

Result<void> end(std::int32_t number) __attribute__((requires_capability(signals::lock()))) {
    Timer& timer = *TRY(find(number));
    if (sends(timer)) {
        TRY(tell_procmgr(number, timer.notice.signal, {}));
    }
    timer = {};
    return {};
}

}  // namespace

Result<std::int32_t> create(const Notice& notice, bool real_time, bool value_is_id) {
    MutexGuard guard{signals::lock()};
    for (std::size_t i = 1; i < count; ++i) {
        if (!all[i].used) {
            all[i] = {.used = true, .real_time = real_time, .notice = notice};
            if (value_is_id) {
                all[i].notice.value = i;
            }
            return static_cast<std::int32_t>(i);
        }
    }
    return base::fail(Errno::eagain);
}

Result<Setting> set(std::int32_t number, std::uint64_t deadline, std::uint64_t interval) {
    MutexGuard guard{signals::lock()};
    Timer& timer = *TRY(find(number));
    const Setting before = setting_of(timer);
    timer.deadline = deadline;
    timer.interval = deadline == 0 ? 0 : interval;
    timer.overrun = 0;
    if (sends(timer)) {
        const std::uint64_t now = monotonic_now();
        const std::uint64_t ahead = deadline > now ? deadline - now : 1;
        TRY(tell_procmgr(number, timer.notice.signal, {deadline == 0 ? 0 : ahead, timer.interval}));
    }
    return before;
}

Result<Setting> look(std::int32_t number) {
    MutexGuard guard{signals::lock()};
    return setting_of(*TRY(find(number)));
}

Result<bool> is_real_time(std::int32_t number) {
    MutexGuard guard{signals::lock()};
    return TRY(find(number))->real_time;
}

Result<std::int32_t> overrun(std::int32_t number) {
    MutexGuard guard{signals::lock()};
    return TRY(find(number))->overrun;
}

Result<void> remove(std::int32_t number) {
    MutexGuard guard{signals::lock()};
    return end(number);
}

std::optional<std::uint32_t> complete(SignalDetails& details)
    __attribute__((no_thread_safety_analysis)) {
    const auto found = find(static_cast<std::int32_t>(details.status));
    if (!found || !sends(**found)) {
        return std::nullopt;
    }
    details.value = (*found)->notice.value;
    return (*found)->notice.how == Notice::to_thread ? (*found)->notice.thread : 0;
}

void count_overrun(SignalDetails& details) __attribute__((no_thread_safety_analysis)) {
    const auto found = find(static_cast<std::int32_t>(details.status));
    if (!found) {
        return;
    }
    Timer& timer = **found;
    const std::uint64_t now = monotonic_now();
    timer.overrun = 0;
    if (timer.interval != 0 && timer.deadline <= now) {
        const std::uint64_t expired = (now - timer.deadline) / timer.interval + 1;
        timer.deadline += expired * timer.interval;
        timer.overrun = static_cast<std::int32_t>(std::min<std::uint64_t>(expired - 1, 0x7fffffff));
    } else if (timer.interval == 0) {
        timer.deadline = 0;
    }
    details.pid = static_cast<std::uint32_t>(timer.overrun);
}

void forget() __attribute__((no_thread_safety_analysis)) { all = {}; }

void remove_all() {
    MutexGuard guard{signals::lock()};
    for (std::size_t i = 1; i < count; ++i) {
        if (all[i].used) {
            (void)end(static_cast<std::int32_t>(i));
        }
    }
}

}  // namespace linux::timers
