// SPDX-License-Identifier: MIT
// Points in time at which something is to be done, the nearest first.
//
// What expires is done on procmgr's time, and a timer may be set to expire ever again: so those of a container's processes take
// turns. Each has a place of its own in time, `Turns::gap` after the one before; one that is due before its place is late.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

enum class TimerKind : std::uint8_t {
    process,   // `pid`'s timer number `number`: sends `signal`
    cpu,       // `pid`'s CPU timer number `number`: may have run out
    stop,      // container `number` has had its grace: it is killed
    restart,   // container `number` is started again
    health,    // container `number` is to be looked at
    time,      // container `number` has run as long as it may
    hang_up,   // the system ends: whose sessions are still there loses its terminal
    shutdown,  // the system ends: all have had their grace
};

struct Timer {
    TimerKind kind = TimerKind::process;
    Pid pid = 0;
    std::uint32_t number = 0;
    std::uint32_t signal = 0;
    std::uint32_t container = 0;  // the process's when it set the timer
    std::uint64_t deadline_ns = 0;
    std::uint64_t interval_ns = 0;  // 0: once
    // Of a CPU timer: the CPU time at which it runs out, and how much later again. Its deadline is the earliest moment for that.
    std::uint64_t cpu_target_ns = 0, cpu_interval_ns = 0;
};

class Timers {
public:
    static constexpr std::uint64_t never = ~std::uint64_t{0};
    static constexpr std::uint32_t max_per_process = 32;
    static constexpr std::size_t max_per_container = 4096;

    // May this process have one more, beside its interval timer (number 0), which each may have?
    [[nodiscard]] bool has_room(Pid pid, std::uint32_t number, std::uint32_t container) const;
    // Replaces the timer of the same kind, process and number; gives that one.
    std::optional<Timer> set(const Timer& timer);
    // Takes the timer away, if it is set; gives it.
    std::optional<Timer> clear(TimerKind kind, Pid pid, std::uint32_t number);
    void forget_process(Pid pid);

    [[nodiscard]] std::uint64_t next_deadline() const {
        return order_.empty() ? never : std::get<0>(*order_.begin());
    }
    // One timer whose time has come: it is gone, or, with an interval, set again for the next point
    // that lies after `now`.
    [[nodiscard]] std::optional<Timer> expire(std::uint64_t now);

private:
    using Key = std::tuple<TimerKind, Pid, std::uint32_t>;
    struct Entry {
        Timer timer;
        std::uint64_t at_ns = 0;  // where it stands in the order
        bool has_turn = false;
    };
    using Entries = std::map<Key, Entry>;
    // Of the processes of one container.
    struct Turns {
        static constexpr std::int64_t gap = 100'000, burst = 10'000'000;  // ns
        std::size_t timers = 0;
        std::int64_t next_ns = -burst;

        // The next one's place, which may be over.
        [[nodiscard]] std::int64_t take(std::int64_t now);
    };

    static Key key_of(const Timer& timer) { return {timer.kind, timer.pid, timer.number}; }
    void move(Entries::iterator entry, std::uint64_t at_ns);
    Entries::iterator erase(Entries::iterator entry);

    Entries timers_;
    std::set<std::tuple<std::uint64_t, Key>> order_;
    std::map<std::uint32_t, Turns> turns_;  // of the containers that have timers
};

}  // namespace procmgr
