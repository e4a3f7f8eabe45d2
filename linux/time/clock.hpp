// SPDX-License-Identifier: MIT
// Clocks, read from the time page without entering the kernel.
#pragma once

#include <cstdint>

#include "abi/kernel/boot_info.hpp"
#include "abi/linux/process.hpp"
#include "interfaces/process_image.hpp"
#include "libs/ipc/syscall.hpp"
#include "linux/entry/cpu.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux {

inline constexpr std::uint64_t second_ns = 1'000'000'000;

inline const abi::TimePage& time_page() {
    return *reinterpret_cast<const abi::TimePage*>(process::time_page);
}

// Nanoseconds of the monotonic clock, which deadlines are given in.
inline std::uint64_t monotonic_now() {
    const abi::TimePage& page = time_page();
    const auto ticks = static_cast<unsigned __int128>(read_tsc() - page.tsc_base);
    return static_cast<std::uint64_t>((ticks * page.multiplier) >> page.shift) + page.ns_base;
}
inline std::uint64_t real_time_now() { return monotonic_now() + time_page().wall_ns_base; }

constexpr linux_abi::Timespec to_timespec(std::uint64_t ns) {
    return {static_cast<std::int64_t>(ns / second_ns), static_cast<std::int64_t>(ns % second_ns)};
}
constexpr linux_abi::Timeval to_timeval(std::uint64_t ns) {
    return {static_cast<std::int64_t>(ns / second_ns),
            static_cast<std::int64_t>(ns % second_ns / 1000)};
}

// EINVAL for what is no time. Times beyond 584 years become the longest.
Result<std::uint64_t> to_ns(const linux_abi::Timespec& time);
Result<std::uint64_t> to_ns(const linux_abi::Timeval& time);

// A point of the monotonic clock that lies so far ahead; never ipc::no_deadline by accident.
constexpr std::uint64_t deadline_after(std::uint64_t now, std::uint64_t ns) {
    std::uint64_t sum = 0;
    return __builtin_add_overflow(now, ns, &sum) || sum == ipc::no_deadline ? ipc::no_deadline - 1
                                                                            : sum;
}
// The point of the monotonic clock that corresponds to one of the real-time clock.
std::uint64_t real_time_deadline(std::uint64_t ns);

}  // namespace linux
