// SPDX-License-Identifier: MIT
#include "linux/syscalls/wait_time.hpp"

#include <algorithm>

#include "abi/linux/file.hpp"
#include "linux/entry/user_memory.hpp"
#include "linux/signal/state.hpp"
#include "linux/time/clock.hpp"

namespace linux {

namespace {

constexpr std::uint64_t longest_ns = std::uint64_t{1} << 62;

// 0 stays 0: it asks not to wait.
std::uint64_t deadline_of(std::uint64_t duration_ns) {
    return duration_ns == 0 ? 0 : deadline_after(monotonic_now(), duration_ns);
}

struct Pair {
    std::int64_t seconds, parts;
};

}  // namespace

std::uint64_t deadline_in_ms(std::int32_t milliseconds) {
    return milliseconds < 0 ? ipc::no_deadline
                            : deadline_of(static_cast<std::uint64_t>(milliseconds) * 1'000'000);
}

Result<WaitTime> WaitTime::from_timespec(std::uint64_t pointer) {
    WaitTime time;
    if (pointer == 0) {
        return time;
    }
    const auto given = TRY(user::read<Pair>(pointer));
    if (given.seconds < 0 || given.parts < 0 ||
        given.parts >= static_cast<std::int64_t>(second_ns)) {
        return base::fail(Errno::einval);
    }
    const auto seconds =
        std::min<std::uint64_t>(static_cast<std::uint64_t>(given.seconds), longest_ns / second_ns);
    time.deadline_ = deadline_of(seconds * second_ns + static_cast<std::uint64_t>(given.parts));
    return time;
}

// More than a second of microseconds is taken as it is.
Result<WaitTime> WaitTime::from_timeval(std::uint64_t pointer) {
    WaitTime time;
    time.unit_ns_ = 1000;
    if (pointer == 0) {
        return time;
    }
    const auto given = TRY(user::read<Pair>(pointer));
    if (given.seconds < 0 || given.parts < 0) {
        return base::fail(Errno::einval);
    }
    const auto seconds =
        std::min<std::uint64_t>(static_cast<std::uint64_t>(given.seconds), longest_ns / second_ns);
    const auto parts =
        std::min<std::uint64_t>(static_cast<std::uint64_t>(given.parts), longest_ns / second_ns);
    time.deadline_ = deadline_of(seconds * second_ns + parts * 1000);
    return time;
}

void WaitTime::store_rest(std::uint64_t pointer) const {
    if (pointer == 0) {
        return;
    }
    const std::uint64_t now = monotonic_now();
    const std::uint64_t rest = deadline_ > now ? deadline_ - now : 0;
    (void)user::write(pointer, Pair{static_cast<std::int64_t>(rest / second_ns),
                                    static_cast<std::int64_t>(rest % second_ns / unit_ns_)});
}

Result<void> CallMask::set(std::uint64_t pointer, std::uint64_t size) {
    if (pointer == 0) {
        return {};
    }
    if (size != sizeof(linux_abi::SignalSet)) {
        return base::fail(Errno::einval);
    }
    signals::set_temporary_mask(TRY(user::read<linux_abi::SignalSet>(pointer)));
    is_set_ = true;
    return {};
}

void CallMask::finish(const Result<std::int64_t>& result) {
    if (is_set_ && !(result && *result == -Errno::eintr)) {
        signals::end_temporary_mask();
    }
}

}  // namespace linux
