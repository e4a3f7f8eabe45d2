// SPDX-License-Identifier: MIT
// Four CPUs that really run at the same time, under ThreadSanitizer: it finds every two accesses of which no lock says which comes
// first, and this program counts that nothing is lost, however they meet.
//
// Each thread of the simulated machine is an Actor: a program that some CPU carries on, from one system call to the next, whenever that
// thread is its current one. Clients call two servers, some calls with a deadline; an intruder uses a server's reply object; two
// hand signals to and fro; a manager stops, resumes and interrupts them, and makes and destroys a bank with a client and a server in the
// middle of their calls.
#include <array>
#include <atomic>
#include <coroutine>
#include <cstdio>
#include <cstdlib>

#include <arch/cpus.hpp>

#include "kernel/arch/host/booted_kernel.hpp"
#include "kernel/debug/invariants.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/plat/platform.hpp"
#include "kernel/sched/kernel_lock.hpp"

namespace {

using abi::Error;
using abi::ObjectType;
using abi::Syscall;
using host::Answer;
using host::Machine;
using host::Words;

constexpr std::size_t cpu_count = 4;
constexpr std::uint64_t priority = 10;
constexpr std::uint64_t rounds = 1000;
constexpr std::uint64_t program_address = 0x400000;
constexpr std::uint64_t after_call = program_address + 16;  // behind `syscall`
constexpr std::uint64_t call_bytes = 2;
constexpr Nanoseconds patience = 20'000;
constexpr std::uint64_t intruders_word = 1;

void require(bool holds, const char* what) {
    if (!holds) {
        std::fprintf(stderr, "races: %s\n", what);
        std::abort();
    }
}

// What an actor does: it waits at each `co_await self.enter(...)` for the answer.
struct Program {
    struct promise_type {
        Program get_return_object() {
            return {std::coroutine_handle<promise_type>::from_promise(*this)};
        }
        static std::suspend_always initial_suspend() noexcept { return {}; }
        static std::suspend_always final_suspend() noexcept { return {}; }
        static void return_void() {}
        static void unhandled_exception() { std::abort(); }
    };
    std::coroutine_handle<promise_type> handle;
};

class Actor {
public:
    struct Entry {
        const Actor& self;
        static bool await_ready() { return false; }
        static void await_suspend(std::coroutine_handle<>) {}
        [[nodiscard]] Answer await_resume() const { return self.user().answer(); }
    };
    Entry enter(Syscall number, std::uint64_t cap, abi::Tag tag = {}, const Words& words = {}) {
        call_ = {.number = number, .cap = cap, .tag = tag, .words = words};
        return {*this};
    }
    template <class Label>
    Entry operate(std::uint64_t cap, Label label, const Words& words = {}) {
        return enter(Syscall::call, cap, abi::make_tag(static_cast<std::uint16_t>(label)), words);
    }
    Entry create(abi::CapIndex bank, ObjectType type, std::uint64_t w1 = 0, std::uint64_t w2 = 0,
                 std::uint64_t w3 = 0) {
        return operate(bank, abi::BankOp::create, {static_cast<std::uint64_t>(type), w1, w2, w3});
    }

    void begin(arch::ThreadContext& context, Program program) {
        end();
        program_ = program;
        context_.store(&context, std::memory_order_release);
    }
    void end() {
        context_.store(nullptr, std::memory_order_relaxed);
        if (program_.handle) {
            program_.handle.destroy();
            program_.handle = nullptr;
        }
    }
    [[nodiscard]] bool is(const arch::ThreadContext* context) const {
        return context_.load(std::memory_order_acquire) == context;
    }
    // From the moment of the call the thread may be another CPU's: nothing of it is touched after that.
    void step() {
        // The kernel has put it back before a call that had no effect yet.
        if (context().registers.rip != after_call - call_bytes) {
            program_.handle.resume();
        }
        context().registers.rip = after_call;
        user().enter(call_.number, call_.cap, call_.tag, call_.words, plat::clock_now() + patience);
    }
    std::uint64_t choose(std::uint64_t count) {
        random_ = random_ * 6364136223846793005 + 1442695040888963407;
        return (random_ >> 33) % count;
    }

private:
    [[nodiscard]] arch::ThreadContext& context() const {
        return *context_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] host::User user() const { return host::User(context()); }

    std::atomic<arch::ThreadContext*> context_ = nullptr;
    Program program_;
    struct {
        Syscall number = Syscall::yield;
        std::uint64_t cap = 0;
        abi::Tag tag;
        Words words{};
    } call_;
    std::uint64_t random_ = 1;
};

struct Desk {
    abi::CapIndex endpoint = 0;
    abi::CapIndex reply = 0;
    [[nodiscard]] std::uint64_t both() const { return endpoint | std::uint64_t{reply} << 32; }
};

// Each count is changed by one actor, and looked at when all have come to rest.
constexpr std::size_t client_count = 5;
struct Counts {
    std::array<std::array<std::uint64_t, 2>, client_count> answered{};  // by which server
    std::array<std::uint64_t, 2> answers{};
    std::uint64_t intrusions = 0;
    std::array<std::uint64_t, 2> signals{};
    std::uint64_t banks = 0;
} counts;
abi::CapIndex never = 0;
enum : std::size_t {
    first_client,
    first_server = client_count,
    intruder = first_server + 2,
    feeder,
    first_player,
    victim = first_player + 2,
    victims_server,
    manager,
    actor_count
};
std::array<Actor, actor_count> actors;
std::array<abi::CapIndex, client_count> client_threads{};
std::atomic<std::size_t> at_work = client_count + 2;
std::atomic<bool> at_end = false;

Program client(Actor& self, std::size_t which, std::array<Desk, 2> desks) {
    for (std::uint64_t i = 1; i <= rounds; ++i) {
        const std::uint64_t kind = self.choose(16);
        const std::uint64_t flags = kind == 0   ? abi::Tag::has_deadline
                                    : kind == 1 ? abi::Tag::interruptible
                                                : 0;
        const std::uint64_t word = i << 16 | which << 8;
        const std::size_t where = self.choose(4) == 0 ? 1 : 0;
        const Answer got = co_await self.enter(Syscall::call, desks[where].endpoint,
                                               abi::make_tag(0, 0, 0, 0, flags), {word});
        if (got.ok()) {
            require(got.words[0] == word + 1 || got.words[0] == intruders_word,
                    "a call has the answer to another");
            ++counts.answered[which][where];
        } else {
            require(flags != 0, "a call without a deadline ended without an answer");
            require(got.error == Error::timed_out || got.error == Error::interrupted,
                    "a call failed");
        }
    }
    at_work.fetch_sub(1, std::memory_order_relaxed);
    for (;;) {
        (void)co_await self.enter(Syscall::wait, never);
    }
}

Program server(Actor& self, Desk desk, std::uint64_t* count) {
    Answer got = co_await self.enter(Syscall::receive, desk.both());
    for (;;) {
        // Its reply object may be in the hands of the intruder, and its caller may have gone.
        while (got.error == Error::no_caller || got.error == Error::busy) {
            (void)co_await self.enter(Syscall::yield, 0);
            got = co_await self.enter(Syscall::receive, desk.both());
        }
        require(got.ok(), "a server failed");
        if (self.choose(4) == 0) {
            (void)co_await self.enter(Syscall::yield, 0);
        }
        got = co_await self.enter(Syscall::reply_and_receive, desk.both(), {}, {got.words[0] + 1});
        if (count != nullptr && got.ok()) {
            ++*count;
        }
    }
}

Program intrude(Actor& self, abi::CapIndex trap, abi::CapIndex reply) {
    for (;;) {
        const Answer got = co_await self.enter(
            Syscall::reply_and_receive, trap | std::uint64_t{reply} << 32, {}, {intruders_word});
        counts.intrusions += got.ok() ? 1 : 0;
        (void)co_await self.enter(Syscall::yield, 0);
    }
}

// So that the intruder does not wait long with the reply object in its hands.
Program feed(Actor& self, abi::CapIndex trap) {
    for (;;) {
        (void)co_await self.enter(Syscall::send, trap);
    }
}

// A signal is answered by one, so that two never become one.
Program play(Actor& self, abi::CapIndex to, abi::CapIndex from, bool begins, std::uint64_t* count) {
    for (std::uint64_t i = 0; i < rounds; ++i) {
        if (begins || i != 0) {
            (void)co_await self.enter(Syscall::signal, to, {}, {1});
        }
        *count += (co_await self.enter(Syscall::wait, from)).words[0];
    }
    if (!begins) {
        (void)co_await self.enter(Syscall::signal, to, {}, {1});
    }
    at_work.fetch_sub(1, std::memory_order_relaxed);
    for (;;) {
        (void)co_await self.enter(Syscall::wait, never);
    }
}

Program call_for_ever(Actor& self, abi::CapIndex own, abi::CapIndex other) {
    for (;;) {
        (void)co_await self.enter(Syscall::call, self.choose(2) == 0 ? own : other, {},
                                  {std::uint64_t{1} << 40});
    }
}

// Of the first process's table.
arch::ThreadContext& thread_behind(abi::CapIndex cap) {
    arch::ThreadContext* found = nullptr;
    Machine::visit([&] {
        (void)kernel::KernelLock::enter(nullptr, 0);
        auto& self = static_cast<kernel::Thread&>(host::init().context());
        found = static_cast<kernel::Thread*>(self.table().find(cap)->object);
        kernel::KernelLock::leave();
    });
    return *found;
}

// Two that call each other, in a bank that goes.
Program manage(Actor& self, Desk desk) {
    for (std::size_t round = 0; at_work.load(std::memory_order_relaxed) != 0; ++round) {
        const abi::CapIndex whom = client_threads[self.choose(client_count)];
        require((co_await self.operate(whom, abi::ThreadOp::stop)).ok(), "stop failed");
        (void)co_await self.operate(client_threads[self.choose(client_count)],
                                    abi::ThreadOp::interrupt);
        require((co_await self.operate(whom, abi::ThreadOp::resume)).ok(), "resume failed");
        if (round % 8 != 0) {
            (void)co_await self.enter(Syscall::yield, 0);
            continue;
        }
        const auto bank =
            (co_await self.create(abi::boot_bank, ObjectType::bank, std::uint64_t{1} << 20)).cap();
        const Desk own{.endpoint = (co_await self.create(bank, ObjectType::endpoint)).cap(),
                       .reply = (co_await self.create(bank, ObjectType::reply)).cap()};
        std::vector<abi::CapIndex> made{bank, own.endpoint, own.reply};
        for (const std::size_t which : {victims_server, victim}) {
            const auto pages =
                (co_await self.create(bank, ObjectType::memory, 2 * abi::page_size)).cap();
            const auto thread = (co_await self.create(bank, ObjectType::thread, abi::boot_own_space,
                                                      abi::boot_own_table, pages))
                                    .cap();
            const auto context = (co_await self.create(bank, ObjectType::sched_context,
                                                       abi::boot_sched_context, priority))
                                     .cap();
            made.insert(made.end(), {pages, thread, context});
            (void)co_await self.operate(context, abi::SchedContextOp::bind, {thread});
            actors[which].begin(thread_behind(thread),
                                which == victim
                                    ? call_for_ever(actors[victim], own.endpoint, desk.endpoint)
                                    : server(actors[which], own, nullptr));
            require((co_await self.operate(thread, abi::ThreadOp::start, {program_address})).ok(),
                    "start failed");
        }
        for (std::uint64_t i = self.choose(20); i != 0; --i) {
            (void)co_await self.enter(Syscall::yield, 0);
        }
        require((co_await self.operate(bank, abi::BankOp::destroy)).ok(), "destroy failed");
        for (const abi::CapIndex lost : made) {
            require(
                (co_await self.operate(abi::boot_own_table, abi::CapTableOp::remove, {lost})).ok(),
                "a slot was not kept");
        }
        actors[victim].end();
        actors[victims_server].end();
        ++counts.banks;
    }
    at_end.store(true, std::memory_order_relaxed);
    for (;;) {
        (void)co_await self.enter(Syscall::yield, 0);
    }
}

void run_cpu(std::size_t) {
    for (std::uint32_t turns = 1; !at_end.load(std::memory_order_relaxed); ++turns) {
        Machine::handle_interrupts();
        const arch::ThreadContext* current = arch::this_cpu().current;
        if (current == nullptr || turns % 8 == 0) {
            arch::relax();
        }
        for (Actor& actor : actors) {
            if (current != nullptr && actor.is(current)) {
                actor.step();
                break;
            }
        }
    }
}

void set_up(host::User& init, abi::CapIndex bank) {
    const auto make = [&](ObjectType type) { return init.create(type, 0, 0, 0, 0, 0, bank); };
    const auto thread = [&](std::size_t which, Program program) {
        const host::NewThread made = host::start_thread(init, priority, bank);
        actors[which].begin(*made.registers, program);
        return made.thread;
    };
    std::array<Desk, 2> desks;
    for (Desk& desk : desks) {
        desk = {.endpoint = make(ObjectType::endpoint), .reply = make(ObjectType::reply)};
    }
    never = make(ObjectType::notification);
    for (std::size_t i = 0; i < client_count; ++i) {
        Actor& self = actors[first_client + i];
        client_threads[i] = thread(first_client + i, client(self, i, desks));
    }
    for (std::size_t i = 0; i < desks.size(); ++i) {
        thread(first_server + i, server(actors[first_server + i], desks[i], &counts.answers[i]));
    }
    const abi::CapIndex trap = make(ObjectType::endpoint);
    thread(intruder, intrude(actors[intruder], trap, desks[0].reply));
    thread(feeder, feed(actors[feeder], trap));
    const std::array<abi::CapIndex, 2> bells = {make(ObjectType::notification),
                                                make(ObjectType::notification)};
    for (std::size_t i = 0; i < bells.size(); ++i) {
        Actor& self = actors[first_player + i];
        thread(first_player + i, play(self, bells[i], bells[1 - i], i == 0, &counts.signals[i]));
    }
    actors[manager].begin(init.context(), manage(actors[manager], desks[1]));
}

}  // namespace

int main() {
    Machine::cpus(cpu_count);
    host::User& init = host::init();
    (void)init.call(abi::boot_interrupt_control, abi::InterruptControlOp::start_cpus);
    Machine::settle();
    // The table's pages are there to stay: it has them before the memory is measured.
    const abi::CapIndex many = init.create(ObjectType::bank, std::uint64_t{1} << 20);
    std::vector<abi::CapIndex> made{many};
    for (std::uint64_t i = 0; i < 2 * kernel::CapTable::slots_per_page; ++i) {
        made.push_back(init.create(ObjectType::notification, 0, 0, 0, 0, 0, many));
    }
    (void)init.call(many, abi::BankOp::destroy);
    for (const abi::CapIndex lost : made) {
        (void)init.call(abi::boot_own_table, abi::CapTableOp::remove, {lost});
    }
    const auto free_bytes = [&] { return init.call(abi::boot_bank, abi::BankOp::query).words[3]; };
    const std::uint64_t before = free_bytes();
    const abi::CapIndex bank = init.create(ObjectType::bank, std::uint64_t{4} << 20);
    set_up(init, bank);
    Machine::settle();
    Machine::at_once(run_cpu);
    std::uint64_t answered = 0;
    for (const auto& count : counts.answered) {
        answered += count[0];
    }
    std::printf("%llu calls were answered, %llu by the intruder; %llu banks were destroyed\n",
                static_cast<unsigned long long>(answered),
                static_cast<unsigned long long>(counts.intrusions),
                static_cast<unsigned long long>(counts.banks));
    // Whoever answered and now waits has not been told yet that it did.
    const std::uint64_t told = counts.answers[0] + counts.intrusions;
    require(answered >= told && answered <= told + 2, "a call was not answered once");
    require(counts.signals[0] == rounds && counts.signals[1] == rounds, "a signal was lost");
    const auto clean_up = [&] {
        const char* broken = kernel_broken_invariant();
        require(broken == nullptr, broken);
        require(init.call(bank, abi::BankOp::destroy).ok(), "the bank was not destroyed");
        require(free_bytes() == before, "memory was lost");
    };
    for (std::size_t i = 0; i < cpu_count; ++i) {
        if (arch::cpu(i).current == &init.context()) {
            if (i == 0) {
                clean_up();
            } else {
                Machine::on_cpu(i, clean_up);
            }
            return 0;
        }
    }
    require(false, "the first process does not run");
}
