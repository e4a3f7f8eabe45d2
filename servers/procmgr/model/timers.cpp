// SPDX-License-Identifier: MIT
#include "servers/procmgr/model/timers.hpp"

#include <algorithm>
#include <utility>

namespace procmgr {
namespace {

bool is_of_process(const Timer& timer) {
    return timer.kind == TimerKind::process || timer.kind == TimerKind::cpu;
}

}  // namespace

std::int64_t Timers::Turns::take(std::int64_t now) {
    const std::int64_t place = std::max(next_ns, now - burst);
    next_ns = place + gap;
    return place;
}

bool Timers::has_room(Pid pid, std::uint32_t number, std::uint32_t container) const {
    const auto found = turns_.find(container);
    return number == 0 || found == turns_.end() || found->second.timers < max_per_container ||
           timers_.contains({TimerKind::process, pid, number});
}

void Timers::move(Entries::iterator entry, std::uint64_t at_ns) {
    order_.erase({entry->second.at_ns, entry->first});
    entry->second.at_ns = at_ns;
    order_.emplace(at_ns, entry->first);
}

Timers::Entries::iterator Timers::erase(Entries::iterator entry) {
    const Timer& timer = entry->second.timer;
    if (is_of_process(timer)) {
        const auto turns = turns_.find(timer.container);
        if (--turns->second.timers == 0) {
            turns_.erase(turns);
        }
    }
    order_.erase({entry->second.at_ns, entry->first});
    return timers_.erase(entry);
}

std::optional<Timer> Timers::set(const Timer& timer) {
    auto before = clear(timer.kind, timer.pid, timer.number);
    timers_.emplace(key_of(timer), Entry{.timer = timer, .at_ns = timer.deadline_ns});
    order_.emplace(timer.deadline_ns, key_of(timer));
    if (is_of_process(timer)) {
        ++turns_[timer.container].timers;
    }
    return before;
}

std::optional<Timer> Timers::clear(TimerKind kind, Pid pid, std::uint32_t number) {
    const auto found = timers_.find({kind, pid, number});
    if (found == timers_.end()) {
        return std::nullopt;
    }
    const Timer before = found->second.timer;
    erase(found);
    return before;
}

void Timers::forget_process(Pid pid) {
    for (const TimerKind kind : {TimerKind::process, TimerKind::cpu}) {
        auto entry = timers_.lower_bound({kind, pid, 0});
        while (entry != timers_.end() && entry->second.timer.kind == kind &&
               entry->second.timer.pid == pid) {
            entry = erase(entry);
        }
    }
}

std::optional<Timer> Timers::expire(std::uint64_t now) {
    while (next_deadline() <= now) {
        const auto found = timers_.find(std::get<1>(*order_.begin()));
        Entry& entry = found->second;
        if (is_of_process(entry.timer) && !std::exchange(entry.has_turn, true)) {
            const auto when = static_cast<std::int64_t>(now);
            if (const auto turn = turns_[entry.timer.container].take(when); turn > when) {
                move(found, static_cast<std::uint64_t>(turn));
                continue;
            }
        }
        const Timer expired = entry.timer;
        if (expired.interval_ns == 0) {
            erase(found);
        } else {
            // Missed rounds are not made up for: a signal that is pending already would not count.
            const std::uint64_t rounds = (now - expired.deadline_ns) / expired.interval_ns + 1;
            entry.timer.deadline_ns += rounds * expired.interval_ns;
            entry.has_turn = false;
            move(found, entry.timer.deadline_ns);
        }
        return expired;
    }
    return std::nullopt;
}

}  // namespace procmgr
