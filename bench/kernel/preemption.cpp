// SPDX-License-Identifier: MIT
#include "bench/kernel/preemption.hpp"

#include <algorithm>

#include "bench/kernel/measure.hpp"
#include "bench/kernel/process.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/mapping.hpp"

namespace bench {
namespace {

constexpr std::uint64_t memory_bytes = std::uint64_t{64} << 20;
constexpr std::uint64_t bank_bytes = std::uint64_t{160} << 20;
constexpr std::uint64_t many = 10'000;
constexpr std::uint64_t table_slots = 16'384;
// No divisor of anything that repeats in the kernel.
constexpr std::uint64_t period = 23'456;  // ns: instructions
constexpr std::uint64_t succeeded = 1;
constexpr std::uint64_t failed = 2;

constinit ipc::Capability<ipc::Notification> finished;
constinit ipc::Capability<ipc::Notification> endless;  // nobody signals it

ipc::KernelResult<void> derive_many(ipc::Ref<ipc::CapTable> into, ipc::AnyRef from) {
    for (std::uint64_t i = 0; i < many; ++i) {
        TRY(into->copy(from));
    }
    return {};
}

// Operations on a large range, which leave its pages mapped.
ipc::KernelResult<void> change_ranges(ipc::Ref<ipc::Bank> bank, ipc::Ref<ipc::Memory> memory,
                                      const rt::Mapping& mapping) {
    using abi::MapFlags;
    TRY(ipc::own_space()->protect(mapping.address(), memory_bytes, MapFlags::read));
    TRY(ipc::own_space()->protect(mapping.address(), memory_bytes,
                                  MapFlags::read | MapFlags::write));
    TRY(memory->decommit({0, memory_bytes / 2}));
    TRY(memory->resize(memory_bytes / 4));
    TRY(memory->resize(memory_bytes));
    TRY(memory->commit({0, memory_bytes}));
    const auto pager = TRY(bank->create_endpoint());
    const auto paged = TRY(bank->create_memory(memory_bytes, {.pager = pager}));
    constexpr std::uint64_t most = abi::most_supplied * abi::page_size;
    for (std::uint64_t at = 0; at < memory_bytes; at += most) {
        TRY(paged->supply({at, most}, memory, at));
    }
    return memory->commit({0, memory_bytes / 2});
}

ipc::KernelResult<void> build_and_destroy() {
    const auto doomed = TRY(ipc::own_bank()->create_bank(bank_bytes));
    const auto memory = TRY(doomed->create_memory(memory_bytes));
    const auto mapping = TRY(rt::map(memory, {.length = memory_bytes}));
    for (std::uint64_t at = 0; at < memory_bytes; at += abi::page_size) {
        *reinterpret_cast<volatile std::uint8_t*>(mapping.address() + at) = 1;
    }
    TRY(change_ranges(doomed, memory, mapping));
    const auto endpoints = TRY(doomed->create_cap_table(table_slots));
    for (std::uint64_t i = 0; i < many; ++i) {
        const auto endpoint = TRY(doomed->create_endpoint());
        TRY(endpoints->copy(endpoint));
    }
    const auto origin = TRY(doomed->create_endpoint());
    {
        const auto derived = TRY(doomed->create_cap_table(table_slots));
        const ipc::AnyRef middle{TRY(ipc::own_table()->copy(origin))};
        TRY(derive_many(derived, middle));
        TRY(ipc::own_table()->remove(middle.index()));
        TRY(ipc::own_table()->revoke(origin.index()));
    }
    const auto derived = TRY(doomed->create_cap_table(table_slots));
    TRY(derive_many(derived, origin));
    return doomed->destroy();
}

[[noreturn]] void work(std::uint64_t) {
    (void)finished->signal(build_and_destroy() ? succeeded : failed);
    for (;;) {
        (void)endless->wait();
    }
}

}  // namespace

ipc::KernelResult<void> measure_preemption(std::uint8_t priority) {
    finished = TRY(ipc::own_bank()->create_notification());
    endless = TRY(ipc::own_bank()->create_notification());
    Process worker = TRY(Process::start(work, 0, priority - 1));
    std::uint64_t worst = 0;
    std::uint64_t deadline = rt::now() + period;
    for (;;) {
        const auto bits = finished->wait({.deadline = deadline});
        const std::uint64_t now = rt::now();
        if (bits) {
            worker.destroy();
            if (*bits == succeeded) {
                report("preemption_latency", worst, 1);
            } else {
                report_skip("preemption_latency", abi::Error::no_memory);
            }
            return {};
        }
        worst = std::max(worst, now - std::min(now, deadline));
        deadline = std::max(deadline, now) + period;
    }
}

}  // namespace bench
