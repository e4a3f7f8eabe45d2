// SPDX-License-Identifier: MIT
//
// How the kernel benchmark measures and reports: the time-stamp counter around a batch of
// operations, several batches, the median, one line `name <tab> value <tab> unit` as posixbench has
// it. Under QEMU's -icount the counter counts instructions.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "libs/ipc/kernel_objects.hpp"
#include "libs/rt/clock.hpp"

namespace bench {

inline constexpr std::size_t batches = 7;

void report(std::string_view name, std::uint64_t total, std::uint64_t operations);
void report_skip(std::string_view name, abi::Error reason);

// Runs `batch(n)`, which performs n operations and returns the ticks that they took or an error:
// once to warm up, then for the figures.
template <class Batch>
void measure_batches(std::string_view name, std::uint64_t operations, Batch&& batch) {
    std::array<std::uint64_t, batches> ticks{};
    for (std::size_t i = 0; i < batches + 1; ++i) {
        const ipc::KernelResult<std::uint64_t> taken = batch(operations);
        if (!taken) {
            report_skip(name, taken.error());
            return;
        }
        if (i != 0) ticks[i - 1] = *taken;
    }
    std::ranges::sort(ticks, [](std::uint64_t a, std::uint64_t b) { return a < b; });
    report(name, ticks[batches / 2], operations);
}

// For operations that need nothing between them: `once()` returns an abi::Error.
template <class Once>
void measure(std::string_view name, std::uint64_t operations, Once&& once) {
    measure_batches(name, operations, [&](std::uint64_t n) -> ipc::KernelResult<std::uint64_t> {
        const std::uint64_t begin = rt::time_stamp();
        for (std::uint64_t i = 0; i < n; ++i) {
            if (const abi::Error error = once(); error != abi::Error::ok) [[unlikely]] {
                return base::fail(error);
            }
        }
        return rt::time_stamp() - begin;
    });
}

inline abi::Error error_of(const ipc::KernelResult<void>& result) {
    return result ? abi::Error::ok : result.error();
}

}  // namespace bench
