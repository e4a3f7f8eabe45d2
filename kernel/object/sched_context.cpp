// SPDX-License-Identifier: MIT
#include "kernel/object/sched_context.hpp"

#include <algorithm>

#include "kernel/object/bank.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/sched/scheduler.hpp"

namespace kernel {

Result<SchedContext*> SchedContext::create(Bank& bank, SchedContext& parent, std::uint64_t priority,
                                           Nanoseconds budget, Nanoseconds period) {
    TRY(refuse_if(priority > parent.priority, Error::out_of_range));
    TRY(refuse_if(budget != 0 && (period < shortest_period || budget > period),
                  Error::invalid_argument));
    SchedContext* within = parent.budget != 0 ? &parent : parent.within_;
    TRY(refuse_if(within != nullptr && within->depth_ == max_depth, Error::out_of_range));
    auto* made =
        TRY(bank.make<SchedContext>(bank, static_cast<std::uint8_t>(priority), budget, period));
    if (within != nullptr) {
        made->within_ = within;
        made->depth_ = within->depth_ + 1;
        within->inner_.push_back(*made);
    }
    return made;
}

void SchedContext::charge_budgets(Nanoseconds time) {
    used_in_period_ += time;
    for (SchedContext* at = within_; at != nullptr; at = at->within_) {
        at->consumed += time;
        at->used_in_period_ += time;
    }
}

// A timer that came late let it use more than its budget: that is paid back in the periods to come.
void SchedContext::begin_period(Nanoseconds now) {
    if (const Nanoseconds passed = (now - period_start_) / period; passed != 0) {
        used_in_period_ -= std::min(used_in_period_, passed * budget);
        period_start_ += passed * period;
    }
}

Nanoseconds SchedContext::remaining(Nanoseconds now) {
    Nanoseconds least = unlimited;
    for (SchedContext* at = this; at != nullptr; at = at->within_) {
        if (at->budget != 0) {
            at->begin_period(now);
            least = std::min(least, at->used_up() ? 0 : at->budget - at->used_in_period_);
        }
    }
    return least;
}

Nanoseconds SchedContext::refilled_at() const {
    Nanoseconds last = 0;
    for (const SchedContext* at = this; at != nullptr; at = at->within_) {
        if (at->used_up()) {
            last = std::max(last, at->period_start_ + at->period);
        }
    }
    return last;
}

bool SchedContext::sever(Work& work) {
    if (owner != nullptr) {
        owner->bind_context(nullptr);
    }
    Scheduler::forget(*this);
    // Those inside go on under what is above.
    const auto raise = [this](SchedContext& inner) {
        inner.inner_link_.unlink();
        inner.within_ = within_;
        if (within_ != nullptr) {
            within_->inner_.push_back(inner);
        }
    };
    if (!end_each(inner_, work, 1, raise) || !work.take(8)) {
        return false;
    }
    inner_link_.unlink_if_linked();
    return true;
}

}  // namespace kernel
