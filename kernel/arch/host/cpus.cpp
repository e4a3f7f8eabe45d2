// SPDX-License-Identifier: MIT
// Several simulated CPUs: a thread of the host each, of which one has the turn. Who waits gives the turn to the next one that has
// something to do, round and round; so a run depends on nothing but the test. A CPU is
//
//   away    has what it is to do as user code (`act`), or an interrupt on its way (`woken`), or nothing
//   inside  in the middle of a visit to the kernel, waiting in arch::relax
//
// Or all go on at once (Machine::at_once), as those of a real machine do: for tests of what must hold however they meet.
//
// CPU 0 is the test's own thread: it takes interrupts in `settle` only, and gets the turn when nobody else has anything to do.
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <arch/cpus.hpp>

#include "kernel/arch/host/machine.hpp"
#include "kernel/arch/host/simulated_cpus.hpp"
#include "kernel/plat/platform.hpp"

extern "C" void kernel_interrupt(std::uint64_t vector);

namespace {

struct SimulatedCpu {
    std::function<void()> act;
    std::atomic<bool> woken = false;
    bool inside = false;
    // For the end of at_once: it is at something, and how often it has begun anything.
    std::atomic<bool> busy = false;
    std::atomic<std::uint64_t> begun = 0;
    std::uint64_t wakes = 0;
};

// Never destroyed: the CPUs' threads wait for their turn until the process ends.
struct Cpus {
    std::array<SimulatedCpu, arch::most_cpus> all;
    std::size_t count = 1;
    std::size_t turn = 0;
    std::atomic<bool> together = false;  // nobody waits for a turn
    std::mutex mutex;
    std::condition_variable changed;
};

Cpus& cpus() {
    static Cpus& made = *new Cpus;
    return made;
}

SimulatedCpu& here() { return cpus().all[arch::simulated_cpu]; }

bool has_work(const SimulatedCpu& cpu) { return cpu.inside || cpu.woken || cpu.act; }

void wait_for_turn() {
    std::unique_lock lock(cpus().mutex);
    cpus().changed.wait(
        lock, [] { return cpus().turn == arch::simulated_cpu || cpus().together.load(); });
}

bool together() { return cpus().together.load(std::memory_order_relaxed); }

// With all CPUs at once. On a host that is busy, whoever gives way gets its core back late.
void yield_at_times() {
    constexpr std::uint32_t looks = 100;
    thread_local std::uint32_t looked = 0;
    if (++looked % looks == 0) {
        std::this_thread::yield();
    }
}

void pass_turn() {
    if (together()) {
        yield_at_times();
        return;
    }
    std::size_t next = arch::simulated_cpu;
    do {
        next = (next + 1) % cpus().count;
    } while (next != 0 && next != arch::simulated_cpu && !has_work(cpus().all[next]));
    if (next == arch::simulated_cpu) {
        return;
    }
    {
        const std::scoped_lock lock(cpus().mutex);
        cpus().turn = next;
    }
    cpus().changed.notify_all();
    wait_for_turn();
}

// What user code does comes first, so that a test can let it meet the interrupt.
void do_own_work() {
    if (here().act) {
        std::exchange(here().act, nullptr)();
    } else if (host::take_wake()) {
        host::Machine::visit([] { kernel_interrupt(plat::vector_wake); });
    }
}

void run_cpu(std::size_t id, arch::CpuEntry enter) {
    arch::simulated_cpu = id;
    wait_for_turn();
    enter();
    here().inside = false;
    for (;;) {
        if (!together()) {
            wait_for_turn();
        }
        here().busy = true;
        ++here().begun;
        do_own_work();
        here().busy = false;
        if (!has_work(here())) {
            pass_turn();
        }
    }
}

}  // namespace

namespace arch {

std::size_t cpu_count() { return cpus().count; }

void start_other_cpus(PhysAddr, CpuEntry enter) {
    for (std::size_t i = 1; i < cpu_count(); ++i) {
        simulated_cpus[i].id = static_cast<std::uint32_t>(i);
        simulated_cpus[i].hardware_id = static_cast<std::uint32_t>(i);
        cpus().all[i].inside = true;  // it waits there for the others to be started
        std::thread(run_cpu, i, enter).detach();
    }
}

void relax() {
    if (cpu_count() > 1) {
        host::pass_moment();
        if (together()) {
            yield_at_times();
            return;
        }
        const bool was_inside = std::exchange(here().inside, true);
        pass_turn();
        here().inside = was_inside;
    }
}

}  // namespace arch

namespace host {

bool take_wake() {
    const bool woken = here().woken.exchange(false, std::memory_order_relaxed);
    here().wakes += woken ? 1 : 0;
    return woken;
}

void Machine::cpus(std::size_t count) { ::cpus().count = count; }

void Machine::will_do(std::size_t cpu, std::function<void()> act) {
    ::cpus().all[cpu].act = std::move(act);
}

void Machine::on_cpu(std::size_t cpu, std::function<void()> act) {
    will_do(cpu, std::move(act));
    settle();
}

void Machine::settle() {
    const auto nothing_to_do = [] {
        for (const SimulatedCpu& cpu : ::cpus().all) {
            if (has_work(cpu)) {
                return false;
            }
        }
        return true;
    };
    while (!nothing_to_do()) {
        do_own_work();
        pass_turn();
    }
}

void Machine::at_once(const std::function<void(std::size_t)>& act) {
    Cpus& all = ::cpus();
    std::atomic<std::size_t> at_it = all.count;
    const auto do_part = [&](std::size_t cpu) {
        act(cpu);
        --at_it;
    };
    for (std::size_t i = 1; i < all.count; ++i) {
        all.all[i].act = [&, i] { do_part(i); };
    }
    {
        const std::scoped_lock lock(all.mutex);
        all.together = true;
    }
    all.changed.notify_all();
    do_part(0);
    // Nobody is at anything, and nobody has begun anything while that was looked at.
    const auto begun_by_quiet_ones = [&]() -> std::optional<std::uint64_t> {
        std::uint64_t begun = 0;
        for (std::size_t i = 0; i < all.count; ++i) {
            const SimulatedCpu& cpu = all.all[i];
            if (i != 0 && (cpu.busy || cpu.woken)) {
                return {};
            }
            begun += cpu.begun;
        }
        return begun;
    };
    for (;;) {
        handle_interrupts();
        const std::optional<std::uint64_t> before = begun_by_quiet_ones();
        if (at_it == 0 && before && before == begun_by_quiet_ones()) {
            break;
        }
        std::this_thread::yield();
    }
    all.together = false;
}

void Machine::handle_interrupts() {
    if (take_wake()) {
        visit([] { kernel_interrupt(plat::vector_wake); });
    }
    handle_timer();
}

std::uint64_t Machine::wakes(std::size_t cpu) { return ::cpus().all[cpu].wakes; }

}  // namespace host

namespace plat {

void wake_cpu(std::uint32_t id) { cpus().all[id].woken = true; }

void nap() {
    while (!host::take_wake()) {
        arch::relax();
    }
}

}  // namespace plat
