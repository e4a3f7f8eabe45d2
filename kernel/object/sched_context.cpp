// SPDX-License-Identifier: MIT
#include "kernel/object/sched_context.hpp"

#include "kernel/object/bank.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/sched/scheduler.hpp"

namespace kernel {

Result<SchedContext*> SchedContext::create(Bank& bank, const SchedContext& parent,
                                           std::uint64_t priority, Nanoseconds budget,
                                           Nanoseconds period) {
    if (priority > parent.priority) {
        return fail(Error::out_of_range);
    }
    if (budget != 0 && (period < shortest_period || budget > period)) {
        return fail(Error::invalid_argument);
    }
    // A context cannot give more of the CPU than its parent has.
    __extension__ using Wide = unsigned __int128;
    if (parent.budget != 0 &&
        (budget == 0 || Wide{budget} * parent.period > Wide{parent.budget} * period)) {
        return fail(Error::out_of_range);
    }
    return bank.make<SchedContext>(bank, static_cast<std::uint8_t>(priority), budget, period);
}

void SchedContext::sever() {
    if (owner != nullptr) {
        owner->bind_context(nullptr);
    }
    scheduler().forget(*this);
}

}  // namespace kernel
