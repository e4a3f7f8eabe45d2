// SPDX-License-Identifier: MIT
// Scheduling policies and priorities of disks, which programs ask for and set. All threads here have the
// policy SCHED_OTHER, and all requests of disks the same priority: another one is not permitted, as on Linux to
// whoever lacks the privilege.
#include <algorithm>
#include <optional>

#include "libs/ipc/protocol.hpp"
#include "linux/entry/thread_state.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/process/state.hpp"
#include "linux/process/thread.hpp"
#include "linux/syscalls/table.hpp"
#include "linux/time/clock.hpp"

namespace linux {
namespace {

// struct sched_attr, in its first form (include/uapi/linux/sched/types.h).
struct SchedulingAttributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime, deadline, period;
};
static_assert(sizeof(SchedulingAttributes) == 48);

constexpr std::uint32_t largest_size = 4096;
constexpr std::uint32_t policy_other = 0, last_policy = 6;

bool is_own_thread(std::int32_t id) {
    MutexGuard guard{threads().lock()};
    return threads().find(static_cast<std::uint32_t>(id)) != nullptr;
}

// Asks for a nice value, or sets it; a thread stands for its process.
Result<std::int32_t> nice_of(std::uint32_t which, std::int32_t who,
                             std::optional<std::int32_t> value) {
    if (which > process::Nice::of_user || who < 0) {
        return base::fail(which > process::Nice::of_user ? Errno::einval : Errno::esrch);
    }
    const bool own = which == process::Nice::of_process && is_own_thread(who);
    const auto answer = TRY(or_errno(
        ipc::call(own_process(), process::Nice{.which = which,
                                               .who = own ? 0 : static_cast<std::uint32_t>(who),
                                               .set = value ? 1U : 0U,
                                               .value = value.value_or(0)})));
    return answer.reply.value;
}

Result<void> write_attributes(const Arguments& arguments) {
    const std::uint32_t room = arguments.word(2);
    if (arguments.integer(0) < 0 || room < sizeof(SchedulingAttributes) || room > largest_size ||
        arguments.word(3) != 0) {
        return base::fail(Errno::einval);
    }
    SchedulingAttributes attributes{};
    attributes.size = sizeof attributes;
    attributes.nice = TRY(nice_of(process::Nice::of_process, arguments.integer(0), std::nullopt));
    return user::write(arguments[1], attributes);
}

Result<void> change_attributes(const Arguments& arguments) {
    if (arguments.integer(0) < 0 || arguments.word(2) != 0) {
        return base::fail(Errno::einval);
    }
    const auto size = TRY(user::read<std::uint32_t>(arguments[1]));
    if (size != 0 && (size < sizeof(SchedulingAttributes) || size > largest_size)) {
        return base::fail(Errno::e2big);
    }
    const auto asked = TRY(user::read<SchedulingAttributes>(arguments[1]));
    if (asked.policy > last_policy) {
        return base::fail(Errno::einval);
    }
    if (asked.policy != policy_other) {
        return base::fail(Errno::eperm);
    }
    if (asked.priority != 0) {
        return base::fail(Errno::einval);
    }
    const auto done = nice_of(process::Nice::of_process, arguments.integer(0), asked.nice);
    return done                            ? Result<void>{}
           : done.error() == Errno::eacces ? base::fail(Errno::eperm)
                                           : base::fail(done.error());
}

// linux/ioprio.h: the class stands above 13 bits.
constexpr std::uint32_t class_shift = 13, class_none = 0, class_real_time = 1, class_idle = 3;
constexpr std::uint32_t last_who = 3;  // process, group, user: 1 to 3

std::int64_t change_disk_priority(std::uint32_t who, std::uint32_t value) {
    const std::uint32_t asked = value >> class_shift;
    const std::uint32_t level = value & ((1U << class_shift) - 1);
    if (who == 0 || who > last_who || asked > class_idle || (asked == class_none && level != 0)) {
        return -Errno::einval;
    }
    return asked == class_real_time ? -Errno::eperm : 0;
}

// The real-time policies have priorities up to 99, the others none; 4 is no policy.
std::int64_t priority_limit(std::int32_t policy, std::int64_t of_real_time) {
    constexpr std::int32_t first_in_first_out = 1, round_robin = 2, not_made = 4;
    if (policy < 0 || policy > static_cast<std::int32_t>(last_policy) || policy == not_made) {
        return -Errno::einval;
    }
    return policy == first_in_first_out || policy == round_robin ? of_real_time : 0;
}

}  // namespace

namespace calls {

// 1 to 40, the most urgent last.
std::int64_t getpriority(const Arguments& arguments) {
    const auto nice = nice_of(arguments.word(0), arguments.integer(1), std::nullopt);
    return nice ? 20 - *nice : -nice.error();
}
std::int64_t setpriority(const Arguments& arguments) {
    const auto done = nice_of(arguments.word(0), arguments.integer(1), arguments.integer(2));
    return done ? 0 : -done.error();
}

std::int64_t sched_get_priority_max(const Arguments& arguments) {
    return priority_limit(arguments.integer(0), 99);
}
std::int64_t sched_get_priority_min(const Arguments& arguments) {
    return priority_limit(arguments.integer(0), 1);
}

std::int64_t sched_getattr(const Arguments& arguments) {
    return to_return(write_attributes(arguments));
}
std::int64_t sched_setattr(const Arguments& arguments) {
    return to_return(change_attributes(arguments));
}
// How long a thread runs when others would, too; roughly, since time slices are the kernel's own affair.
std::int64_t sched_rr_get_interval(const Arguments& arguments) {
    constexpr std::uint64_t slice_ns = 10'000'000;
    const std::int32_t whose = arguments.integer(0);
    if (whose < 0) {
        return -Errno::einval;
    }
    if (whose != 0 && !is_own_thread(whose)) {
        const auto found = ipc::call(own_process(), process::Lookup{.pid = whose});
        if (!found) {
            return -to_errno(found.error());
        }
    }
    return to_return(user::write(arguments[1], to_timespec(slice_ns)));
}
std::int64_t ioprio_get(const Arguments& arguments) {
    return arguments.word(0) == 0 || arguments.word(0) > last_who ? -Errno::einval : 0;
}
std::int64_t ioprio_set(const Arguments& arguments) {
    return change_disk_priority(arguments.word(0), arguments.word(2));
}

}  // namespace calls
}  // namespace linux
