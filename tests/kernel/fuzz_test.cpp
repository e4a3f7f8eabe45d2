// SPDX-License-Identifier: MIT
//
// Two threads of a domain with a bank and a table of its own make random system calls with random arguments. The system goes on,
// and when the bank is destroyed, all memory is there again. A round ends when enough calls were made, or when both threads
// are stuck (stopped, without a context, ...); then the next one begins. The second argument of kernel-test says how many
// calls in all, 200000 if there is none.

#include <array>
#include <charconv>
#include <cstring>
#include <new>

#include "libs/rt/clock.hpp"
#include "libs/rt/mapping.hpp"
#include "tests/kernel/peer.hpp"

using test::bank;

extern "C" void rt_thread_start();  // libs/rt/start.S

namespace {

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t stack_bytes = 4 * page;
constexpr std::uint64_t table_slots = 48;
constexpr std::uint32_t named_slots = 25;
constexpr std::uint64_t calls_in_all = 200'000;
constexpr std::uint64_t calls_in_a_round = 4'000;
constexpr std::uint64_t millisecond = 1'000'000;

// ---- the domain's code: it may use nothing but what it is given ----

struct Attack {
    std::uint64_t random = 0;
    std::uint64_t wanted = 0;
    volatile std::uint64_t done = 0;
    abi::ControlPage* control = nullptr;

    std::uint64_t next() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        return random >> 11;
    }
    // Values that lie near something that has a meaning.
    std::uint64_t interesting() {
        switch (next() % 8) {
            case 0:  return next() % 16;
            case 1:  return next() % 16 * page;
            case 2:  return 0x10000 + next() % 16 * page;
            case 3:  return std::uint64_t{1} << (next() % 64);
            case 4:  return 0x7fff'ffff'f000 - next() % 4 * 2048;
            case 5:  return next() << 13 ^ next();
            case 6:  return ~std::uint64_t{0};
            default: return next() % table_slots;
        }
    }
    void call() {
        const std::uint64_t syscall = abi::native_system_calls + next() % 8;
        const auto number =
            static_cast<abi::Syscall>(next() % 4 != 0 ? abi::native_system_calls : syscall);
        std::uint64_t target = next() % named_slots;
        if (number == abi::Syscall::receive || number == abi::Syscall::reply_and_receive) {
            target |= next() % named_slots << 32;
        }
        for (std::uint32_t& index : control->capabilities) {
            index = static_cast<std::uint32_t>(next() % named_slots);
        }
        const bool plain = next() % 4 != 0;
        // (Flags of answers, the interruptible one and moves.)
        const std::uint64_t flags = plain ? 0 : (next() & 0xfe) << 40;
        ipc::sys::Message message{
            .tag = abi::make_tag(static_cast<std::uint16_t>(next() % 13),
                                 plain ? next() % 64 : next() % 8192, plain ? 0 : next() % 6, 0,
                                 flags),
            .deadline = next() % 16 != 0 ? 0 : rt::now() + next() % millisecond};
        for (std::uint64_t& word : message.words) {
            word = interesting();
        }
        (void)ipc::sys::enter(number, target, message);
    }
    static void run(void* self) {
        auto& attack = *static_cast<Attack*>(self);
        while (attack.done < attack.wanted) {
            attack.call();
            attack.done = attack.done + 1;
        }
    }
};

// ---- the domain ----

// One of its threads. Its stack and its pages are ours, and so is the address space: what it has capabilities for is not.
struct Attacker {
    Attack attack;
    rt::Mapping area;
    ipc::Capability<ipc::Memory> memory;
    ipc::Capability<ipc::Thread> thread;
    ipc::Capability<ipc::SchedContext> context;

    ipc::KernelResult<void> start(ipc::Ref<ipc::Bank> from, ipc::Ref<ipc::CapTable> table) {
        memory = TRY(bank()->create_memory(stack_bytes + 2 * page));
        area = TRY(rt::map(memory, {.length = stack_bytes + 2 * page}));
        thread = TRY(from->create_thread({.space = ipc::own_space(),
                                          .table = table,
                                          .pages = memory,
                                          .pages_offset = stack_bytes}));
        context = TRY(from->create_sched_context(ipc::own_sched_context(), {.priority = 100}));
        TRY(context->bind(thread));
        const std::uint64_t top = area.address() + stack_bytes;
        const std::uint64_t closure = top - 64;
        struct Closure {
            void (*function)(void*);
            void* argument;
        };
        attack.control = reinterpret_cast<abi::ControlPage*>(top + page);
        const ipc::ThreadArea self = ipc::self();
        std::memcpy(attack.control->user, &self, sizeof self);
        new (reinterpret_cast<void*>(closure)) Closure{Attack::run, &attack};
        return thread->start({.rip = reinterpret_cast<std::uint64_t>(&rt_thread_start),
                              .rsp = closure,
                              .rdi = closure,
                              .gs_base = top + page});
    }
};

// A little of everything; not the threads that do it, nor our address space.
ipc::KernelResult<void> furnish(ipc::Ref<ipc::Bank> from, ipc::Ref<ipc::CapTable> table) {
    const auto space = TRY(from->create_address_space());
    const auto memory = TRY(from->create_memory(8 * page));
    const auto pages = TRY(from->create_memory(2 * page));
    const auto idle = TRY(from->create_thread({.space = space, .table = table, .pages = pages}));
    const auto context =
        TRY(from->create_sched_context(ipc::own_sched_context(), {.priority = 90}));
    const auto endpoint = TRY(from->create_endpoint());
    const auto reply = TRY(from->create_reply());
    const auto notification = TRY(from->create_notification());
    TRY(table->copy(table, abi::all_rights, 1));
    TRY(table->copy(space, abi::all_rights, 2));
    TRY(table->copy(from, abi::BankRights::create | abi::BankRights::query, 4));
    TRY(table->copy(context, abi::all_rights, 5));
    TRY(table->copy(memory, abi::all_rights, 6));
    TRY(table->copy(idle, abi::all_rights, 7));
    TRY(table->copy(endpoint, abi::all_rights, 8));
    TRY(table->copy(reply, abi::all_rights, 9));
    TRY(table->copy(notification, abi::all_rights, 10));
    return {};
}

// -> how many calls were made
ipc::KernelResult<std::uint64_t> round(ipc::Ref<ipc::Bank> from, std::uint64_t seed) {
    const auto table = TRY(from->create_cap_table(table_slots));
    TRY(furnish(from, table));
    const auto sleep = TRY(bank()->create_notification());
    std::array<Attacker, 2> attackers;
    for (Attacker& one : attackers) {
        one.attack.random = seed += 0x9e37'79b9'7f4a'7c15;
        one.attack.wanted = calls_in_a_round / attackers.size();
        TRY(one.start(from, table));
    }
    constexpr int patience = 4;
    const std::uint64_t end = rt::now() + test::patience;
    std::uint64_t done = 0;
    for (int idle = 0; idle < patience && done < calls_in_a_round && rt::now() < end;) {
        (void)sleep->wait({.deadline = rt::now() + 5 * millisecond});
        const std::uint64_t before = done;
        done = attackers[0].attack.done + attackers[1].attack.done;
        idle = done != 0 && done == before ? idle + 1 : 0;
    }
    TRY(from->destroy());
    return done;
}

std::uint64_t calls_wanted() {
    const std::string_view text = test::start().argument(1);
    std::uint64_t wanted = calls_in_all;
    std::from_chars(text.data(), text.data() + text.size(), wanted);
    return wanted;
}

}  // namespace

TEST(fuzz_system_calls) {
    const std::uint64_t wanted = calls_wanted() / 2;  // every test runs twice
    std::uint64_t free = 0;
    std::uint64_t done = 0;
    std::uint64_t rounds = 0;
    while (done < wanted) {
        auto domain = NEED(bank()->create_bank(2 * 1024 * 1024));
        const std::uint64_t made = NEED(round(domain, done + 1));
        EXPECT(made != 0);
        if (made == 0) {
            return;
        }
        done += made;
        ++rounds;
        domain.reset();
        // The first round may have cost us page tables for its stacks, which stay.
        const std::uint64_t left = NEED(bank()->query()).machine_free;
        EXPECT(rounds == 1 || left == free);
        free = left;
    }
    rt::log("fuzz: ", done, " system calls in ", rounds, " rounds");
}
