// SPDX-License-Identifier: MIT
// Points in time at which something is to be done. There are few at a time, so that a plain list
// serves; the nearest one is remembered, because the server loop asks for it with every message.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "servers/procmgr/model/process_table.hpp"

namespace procmgr {

enum class TimerKind : std::uint8_t {
    process,   // `pid`'s timer number `number`: sends `signal`
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
    std::uint64_t deadline_ns = 0;
    std::uint64_t interval_ns = 0;  // 0: once
};

class Timers {
public:
    static constexpr std::uint64_t never = ~std::uint64_t{0};
    static constexpr std::uint32_t max_per_process = 32;

    // Replaces the timer of the same kind, process and number; gives that one.
    std::optional<Timer> set(const Timer& timer);
    // Takes the timer away, if it is set; gives it.
    std::optional<Timer> clear(TimerKind kind, Pid pid, std::uint32_t number);
    void forget_process(Pid pid);

    [[nodiscard]] std::uint64_t next_deadline() const { return next_; }
    // One timer whose time has come: it is gone, or, with an interval, set again for the next point
    // that lies after `now`.
    [[nodiscard]] std::optional<Timer> expire(std::uint64_t now);

private:
    void find_next();

    std::vector<Timer> timers_;
    std::uint64_t next_ = never;
};

}  // namespace procmgr
