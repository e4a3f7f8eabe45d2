// SPDX-License-Identifier: MIT
#include "bench/kernel/pairs.hpp"

#include <array>
#include <atomic>
#include <string_view>

#include "bench/kernel/process.hpp"
#include "libs/rt/clock.hpp"
#include "libs/rt/log.hpp"
#include "libs/rt/thread.hpp"

namespace bench {
namespace {

constexpr std::size_t pair_count = 4;
constexpr std::uint64_t span = 500 * rt::millisecond;

struct Pair {
    ipc::Capability<ipc::Endpoint> endpoint;
    ipc::Capability<ipc::Reply> reply;
    abi::CapIndex called = 0;  // the endpoint that its client calls
    alignas(64) std::atomic<std::uint64_t> calls{0};
};
constinit std::array<Pair, pair_count> pairs;
constinit std::atomic<bool> end{false};

[[noreturn]] void serve(std::uint64_t which) {
    const abi::CapIndex endpoint = pairs[which].endpoint.index();
    const abi::CapIndex reply = pairs[which].reply.index();
    ipc::sys::Outcome request = ipc::sys::receive(endpoint, reply);
    for (;;) {
        request = ipc::sys::reply_and_receive(endpoint, reply, {abi::Tag{}, request.words});
    }
}

void call_on(void* argument) {
    auto& pair = *static_cast<Pair*>(argument);
    std::uint64_t calls = pair.calls.load(std::memory_order_relaxed);
    while (!end.load(std::memory_order_relaxed)) {
        (void)ipc::sys::call(pair.called, {abi::make_tag(1), {1, 2, 3, 4}});
        pair.calls.store(++calls, std::memory_order_relaxed);
    }
}

std::uint64_t calls_so_far() {
    std::uint64_t sum = 0;
    for (const Pair& pair : pairs) {
        sum += pair.calls.load(std::memory_order_relaxed);
    }
    return sum;
}

void report_rate(std::string_view name, std::uint64_t calls, std::uint64_t nanoseconds) {
    rt::Line line;
    line.add(name).add(rt::clock_page()->cpus).add("cpu\t");
    line.add(calls * (rt::second / 1000) / (nanoseconds / 1000)).add("\tcalls/s\n");
    rt::log_text(line.text());
}

ipc::KernelResult<void> measure_clients(std::string_view name, std::uint8_t priority) {
    auto timer = TRY(ipc::own_bank()->create_notification());
    std::array<rt::Thread, pair_count> clients;
    end = false;
    // This thread is the most important one: it sleeps while the others call.
    for (std::size_t i = 0; i < pair_count; ++i) {
        clients[i] = TRY(rt::Thread::start(call_on, &pairs[i], {.priority = priority}));
    }
    (void)timer->wait({.deadline = rt::now() + span / 5});
    const std::uint64_t begun = rt::now();
    const std::uint64_t before = calls_so_far();
    (void)timer->wait({.deadline = begun + span});
    report_rate(name, calls_so_far() - before, rt::now() - begun);
    end = true;
    (void)timer->wait({.deadline = rt::now() + span / 5});
    return {};
}

}  // namespace

ipc::KernelResult<void> measure_pairs(std::uint8_t priority) {
    TRY(ipc::Ref<ipc::InterruptControl> { abi::boot_interrupt_control } -> start_cpus());
    const auto bank = ipc::own_bank();
    for (Pair& pair : pairs) {
        pair.endpoint = TRY(bank->create_endpoint());
        pair.reply = TRY(bank->create_reply());
    }
    std::array<Process, pair_count> servers;
    for (std::size_t i = 0; i < pair_count; ++i) {
        servers[i] = TRY(Process::start(serve, i, priority));
        pairs[i].called = pairs[i].endpoint.index();
    }
    TRY(measure_clients("call_pairs_", priority));
    for (Pair& pair : pairs) {
        pair.called = pairs[0].endpoint.index();
    }
    TRY(measure_clients("call_shared_", priority));
    for (Process& server : servers) {
        server.destroy();
    }
    return {};
}

}  // namespace bench
