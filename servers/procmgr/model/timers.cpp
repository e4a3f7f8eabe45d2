// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/timers.hpp"

#include <algorithm>

namespace procmgr {

void Timers::find_next() {
    next_ = never;
    for (const Timer& timer : timers_) {
        next_ = std::min(next_, timer.deadline_ns);
    }
}

std::optional<Timer> Timers::set(const Timer& timer) {
    auto before = clear(timer.kind, timer.pid, timer.number);
    timers_.push_back(timer);
    next_ = std::min(next_, timer.deadline_ns);
    return before;
}

std::optional<Timer> Timers::clear(TimerKind kind, Pid pid, std::uint32_t number) {
    const auto found = std::ranges::find_if(timers_, [&](const Timer& timer) {
        return timer.kind == kind && timer.pid == pid && timer.number == number;
    });
    if (found == timers_.end()) {
        return std::nullopt;
    }
    const Timer before = *found;
    timers_.erase(found);
    find_next();
    return before;
}

void Timers::forget_process(Pid pid) {
    std::erase_if(timers_, [pid](const Timer& timer) {
        return timer.kind == TimerKind::process && timer.pid == pid;
    });
    find_next();
}

std::optional<Timer> Timers::expire(std::uint64_t now) {
    const auto found = std::ranges::find_if(
        timers_, [now](const Timer& timer) { return timer.deadline_ns <= now; });
    if (found == timers_.end()) {
        return std::nullopt;
    }
    const Timer expired = *found;
    if (expired.interval_ns == 0) {
        timers_.erase(found);
    } else {
        // Missed rounds are not made up for: a signal that is pending already would not count.
        const std::uint64_t rounds = (now - expired.deadline_ns) / expired.interval_ns + 1;
        found->deadline_ns = expired.deadline_ns + rounds * expired.interval_ns;
    }
    find_next();
    return expired;
}

}  // namespace procmgr
