// SPDX-License-Identifier: MIT
#include "linux/time/clock.hpp"

namespace linux {
namespace {

Result<std::uint64_t> join(std::int64_t seconds, std::int64_t fraction, std::int64_t per_second) {
    if (seconds < 0 || fraction < 0 || fraction >= per_second) {
        return base::fail(Errno::einval);
    }
    constexpr std::uint64_t longest = ~std::uint64_t{0} / second_ns - 1;
    const auto whole = static_cast<std::uint64_t>(seconds);
    if (whole > longest) {
        return longest * second_ns;
    }
    return whole * second_ns + static_cast<std::uint64_t>(fraction) *
                                   (second_ns / static_cast<std::uint64_t>(per_second));
}

}  // namespace

Result<std::uint64_t> to_ns(const linux_abi::Timespec& time) {
    return join(time.seconds, time.nanoseconds, 1'000'000'000);
}

Result<std::uint64_t> to_ns(const linux_abi::Timeval& time) {
    return join(time.seconds, time.microseconds, 1'000'000);
}

std::uint64_t real_time_deadline(std::uint64_t ns) {
    const std::uint64_t base = time_page().wall_ns_base;
    return ns > base ? ns - base : 1;
}

}  // namespace linux
