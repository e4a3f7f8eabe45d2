// SPDX-License-Identifier: MIT
// SchedContext: the right to run, at a priority, for a budget in each period.
//
// It is bound to one thread, which lends it to whom it calls. Time is charged to it wherever it is. When its budget is used
// up, its thread waits until the period's end (budget 0: no limit).
//
// Contexts nest, as banks do: time is also charged to every context above that has a budget (`within_`), and the thread waits
// for all of them. So one context bounds what all that were created from it use together, whatever budgets these have.
//
// Who runs on a lent context may finish what it does, for `grace` beyond the budget: a server must not be stopped in the middle
// of its work for others because a client has run out. What was used too much is paid back in the periods to come.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernel/object/bank.hpp"
#include "kernel/result.hpp"
#include "kernel/types.hpp"
#include "libs/base/list.hpp"
#include "libs/base/ordered_tree.hpp"

namespace kernel {

class Thread;

class SchedContext final : public Object {
public:
    static constexpr auto kind = ObjectType::sched_context;

    static constexpr Nanoseconds shortest_period = 100'000;
    static constexpr Nanoseconds grace = 5'000'000;
    static constexpr Nanoseconds unlimited = ~Nanoseconds{0};
    static constexpr std::uint8_t max_depth = 64;  // of contexts with a budget within each other

    SchedContext(Bank& bank, std::uint8_t priority, Nanoseconds budget, Nanoseconds period)
        : Object(kind, bank), budget(budget), period(period), priority(priority) {}

    static Result<SchedContext*> create(Bank& bank, SchedContext& parent, std::uint64_t priority,
                                        Nanoseconds budget, Nanoseconds period);

    [[nodiscard]] bool sever(Work& work);

    // Neither it nor one above has a budget.
    [[nodiscard]] bool is_unlimited() const { return budget == 0 && within_ == nullptr; }
    // Charges time here and above, and tells the bank: so the time of a whole process is known, whatever threads it had.
    void charge(Nanoseconds time) {
        consumed += time;
        bank().cpu_ns.fetch_add(time, std::memory_order_relaxed);
        if (!is_unlimited()) [[unlikely]] {
            charge_budgets(time);
        }
    }
    // It waits for its next slice: behind all others.
    void end_slice() { rest_of_slice = std::min(rest_of_slice, std::int64_t{0}); }
    // If its slice is over, the next begins, shorter by what it took too much.
    void begin_slice(std::int64_t slice) {
        if (rest_of_slice <= 0) {
            rest_of_slice = slice + (rest_of_slice > -slice ? rest_of_slice : 0);
        }
    }
    // What is left of the smallest budget, here or above; 0: none. Begins the period that `now` is in.
    [[nodiscard]] Nanoseconds remaining(Nanoseconds now);
    // When the last of the budgets that are used up is filled again. There is one.
    [[nodiscard]] Nanoseconds refilled_at() const;

    Thread* owner = nullptr;  // the thread it is bound to
    const Nanoseconds budget;
    const Nanoseconds period;
    const std::uint8_t priority;

    // Accounting, kept by the scheduler.
    Nanoseconds consumed = 0;   // in all
    bool overdrawn = false;     // runs for others beyond its budget ...
    Nanoseconds grace_end = 0;  // ... until it has consumed so much
    // What is left of its time slice; below 0: what it took too much.
    std::int64_t rest_of_slice = 0;
    Thread* throttled = nullptr;  // waits in the CPU's release tree for the next period
    Nanoseconds release_at = 0;
    base::TreeNode release_node;

private:
    void charge_budgets(Nanoseconds time);
    void begin_period(Nanoseconds now);
    [[nodiscard]] bool used_up() const { return budget != 0 && used_in_period_ >= budget; }

    Nanoseconds period_start_ = 0;
    Nanoseconds used_in_period_ = 0;
    SchedContext* within_ = nullptr;  // the next one above that has a budget
    std::uint8_t depth_ = 0;
    base::ListLink inner_link_;
    base::List<SchedContext, &SchedContext::inner_link_> inner_;
};

}  // namespace kernel
