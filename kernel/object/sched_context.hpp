// SPDX-License-Identifier: MIT
// SchedContext: the right to run, at a priority, for a budget in each period.
//
// It is bound to one thread, which lends it to whom it calls. Time is charged to it wherever it is. When its budget is used
// up, whoever runs on it waits until the period's end (budget 0: no limit).
#pragma once

#include <cstdint>

#include "kernel/object/bank.hpp"
#include "kernel/result.hpp"
#include "kernel/types.hpp"
#include "libs/base/ordered_tree.hpp"

namespace kernel {

class Thread;

class SchedContext final : public Object {
public:
    static constexpr Nanoseconds shortest_period = 100'000;

    SchedContext(Bank& bank, std::uint8_t priority, Nanoseconds budget, Nanoseconds period)
        : Object(ObjectType::sched_context, bank),
          budget(budget),
          period(period),
          priority(priority) {}

    static Result<SchedContext*> create(Bank& bank, const SchedContext& parent,
                                        std::uint64_t priority, Nanoseconds budget,
                                        Nanoseconds period);

    void sever();

    // Its bank counts too: so the time of a whole process is known, whatever threads it had.
    void charge(Nanoseconds ns) {
        consumed += ns;
        used_in_period += ns;
        bank().add_cpu_time(ns);
    }

    Thread* owner = nullptr;  // the thread it is bound to
    const Nanoseconds budget;
    const Nanoseconds period;
    const std::uint8_t priority;

    // Accounting, kept by the scheduler.
    Nanoseconds consumed = 0;  // in all
    Nanoseconds period_start = 0;
    Nanoseconds used_in_period = 0;
    Thread* throttled = nullptr;  // waits in the CPU's release tree for the next period
    Nanoseconds release_at = 0;
    base::TreeNode release_node;
};

}  // namespace kernel
