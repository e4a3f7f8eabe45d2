// SPDX-License-Identifier: MIT
// The clock functions that C libraries call instead of making a system call (Linux: vdso(7)). They
// read the time page, which is at the same address in every process. No relocation, no data of its
// own; what it cannot answer it asks by a system call like anybody else.
#include <cstdint>

#include "abi/kernel/boot_info.hpp"
#include "abi/linux/process.hpp"
#include "abi/linux/syscall_numbers.hpp"
#include "interfaces/process_image.hpp"
#include "linux/entry/cpu.hpp"

namespace {

using linux_abi::ClockId;

constexpr std::uint64_t second_ns = 1'000'000'000;

const abi::TimePage& page() { return *reinterpret_cast<const abi::TimePage*>(process::time_page); }

std::uint64_t monotonic_now() {
    const auto ticks = static_cast<unsigned __int128>(linux::read_tsc() - page().tsc_base);
    return static_cast<std::uint64_t>((ticks * page().multiplier) >> page().shift) + page().ns_base;
}

std::int64_t system_call(linux_abi::SystemCall number, std::uint64_t first, std::uint64_t second) {
    auto result = static_cast<std::int64_t>(number);
    asm volatile("syscall" : "+a"(result) : "D"(first), "S"(second) : "rcx", "r11", "memory");
    return result;
}

}  // namespace

#define VDSO [[gnu::visibility("default")]]

extern "C" {
// NOLINTBEGIN(readability-identifier-naming): the names are what libraries look for

VDSO int __vdso_clock_gettime(std::int32_t clock, linux_abi::Timespec* to) {
    std::uint64_t now = 0;
    switch (clock) {
        case ClockId::real_time:
        case ClockId::real_time_coarse: now = monotonic_now() + page().wall_ns_base; break;
        case ClockId::monotonic:
        case ClockId::monotonic_raw:
        case ClockId::monotonic_coarse:
        case ClockId::boot_time:        now = monotonic_now(); break;
        default:
            return static_cast<int>(system_call(linux_abi::SystemCall::clock_gettime,
                                                static_cast<std::uint64_t>(clock),
                                                reinterpret_cast<std::uint64_t>(to)));
    }
    const std::uint64_t seconds = now / second_ns;
    to->seconds = static_cast<std::int64_t>(seconds);
    to->nanoseconds = static_cast<std::int64_t>(now - seconds * second_ns);
    return 0;
}

VDSO int __vdso_gettimeofday(linux_abi::Timeval* to, std::int32_t* zone) {
    if (to != nullptr) {
        const std::uint64_t now = monotonic_now() + page().wall_ns_base;
        to->seconds = static_cast<std::int64_t>(now / second_ns);
        to->microseconds = static_cast<std::int64_t>(now % second_ns / 1000);
    }
    if (zone != nullptr) {
        zone[0] = 0;
        zone[1] = 0;
    }
    return 0;
}

VDSO std::int64_t __vdso_time(std::int64_t* to) {
    const auto seconds =
        static_cast<std::int64_t>((monotonic_now() + page().wall_ns_base) / second_ns);
    if (to != nullptr) {
        *to = seconds;
    }
    return seconds;
}

VDSO int __vdso_clock_getres(std::int32_t clock, linux_abi::Timespec* to) {
    return static_cast<int>(system_call(linux_abi::SystemCall::clock_getres,
                                        static_cast<std::uint64_t>(clock),
                                        reinterpret_cast<std::uint64_t>(to)));
}

// NOLINTEND(readability-identifier-naming)
}
