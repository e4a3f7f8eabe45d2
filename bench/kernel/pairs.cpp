// SPDX-License-Identifier: MIT
#include "bench/kernel/pairs.hpp"

#include <array>
#include <atomic>

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
    const abi::CapIndex endpoint = pair.endpoint.index();
    std::uint64_t calls = 0;
    while (!end.load(std::memory_order_relaxed)) {
        (void)ipc::sys::call(endpoint, {abi::make_tag(1), {1, 2, 3, 4}});
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

void report_rate(std::uint64_t calls, std::uint64_t nanoseconds) {
    rt::Line line;
    line.add("call_pairs_").add(rt::clock_page()->cpus).add("cpu\t");
    line.add(calls * (rt::second / 1000) / (nanoseconds / 1000)).add("\tcalls/s\n");
    rt::log_text(line.text());
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
    std::array<rt::Thread, pair_count> clients;
    for (std::size_t i = 0; i < pair_count; ++i) {
        servers[i] = TRY(Process::start(serve, i, priority));
    }
    // This thread is the most important one: it sleeps while the others call.
    for (std::size_t i = 0; i < pair_count; ++i) {
        clients[i] = TRY(rt::Thread::start(call_on, &pairs[i], {.priority = priority}));
    }
    auto timer = TRY(bank->create_notification());
    (void)timer->wait({.deadline = rt::now() + span / 5});
    const std::uint64_t begun = rt::now();
    const std::uint64_t before = calls_so_far();
    (void)timer->wait({.deadline = begun + span});
    report_rate(calls_so_far() - before, rt::now() - begun);
    end = true;
    (void)timer->wait({.deadline = rt::now() + span / 5});
    for (Process& server : servers) {
        server.destroy();
    }
    return {};
}

}  // namespace bench
