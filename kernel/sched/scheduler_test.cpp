// SPDX-License-Identifier: MIT
// Who runs when: priorities, time slices, budgets, deadlines; on a clock that only the test moves.
#include "kernel/sched/scheduler.hpp"

#include <gtest/gtest.h>

#include "kernel/arch/host/kernel_fixture.hpp"

namespace {

using abi::Error;
using abi::ObjectType;
using abi::Syscall;
using host::Machine;
using host::millisecond;
using host::NewThread;
using host::User;

constexpr Nanoseconds slice = kernel::Scheduler::time_slice;

class SchedulerTest : public host::KernelTest {
protected:
    // Periods begin at multiples of themselves, whatever tests came before.
    SchedulerTest() { Machine::advance(host::second - plat::clock_now() % host::second); }

    NewThread thread(std::uint64_t priority) { return host::start_thread(init, priority, bank); }
    NewThread thread_within(abi::CapIndex parent, std::uint64_t priority) {
        NewThread made = thread(priority);
        init.call(made.context, abi::SchedContextOp::unbind);
        made.context = init.create(ObjectType::sched_context, parent, priority, 0, 0, 0, bank);
        init.call(made.context, abi::SchedContextOp::bind, {made.thread});
        return made;
    }
    // With a budget per period.
    NewThread thread(std::uint64_t priority, Nanoseconds budget, Nanoseconds period) {
        NewThread made = host::start_thread(init, priority, bank);
        init.call(made.context, abi::SchedContextOp::unbind);
        made.context =
            make(ObjectType::sched_context, abi::boot_sched_context, priority, budget, period);
        init.call(made.context, abi::SchedContextOp::bind, {made.thread});
        return made;
    }
};

TEST_F(SchedulerTest, TheHighestPriorityRuns) {
    const NewThread low = thread(10);
    const NewThread high = thread(20);
    EXPECT_TRUE(init.running());
    pause_init(100 * millisecond);
    EXPECT_EQ(host::running(), high.registers);
    Machine::advance(50 * millisecond);
    EXPECT_EQ(host::running(), high.registers);
    User(*high.registers).call(high.thread, abi::ThreadOp::stop);
    EXPECT_EQ(host::running(), low.registers);
    Machine::advance(50 * millisecond);
    EXPECT_TRUE(init.running());
    EXPECT_EQ(init.answer().error, Error::timed_out);
}

TEST_F(SchedulerTest, ASignalDoesNotDisturbAndAWaitHandsOver) {
    const abi::CapIndex ping = make(ObjectType::notification);
    const abi::CapIndex pong = make(ObjectType::notification);
    const NewThread first = thread(10);
    const NewThread second = thread(10);
    User a(*first.registers);
    User b(*second.registers);
    pause_init();
    a.enter(Syscall::wait, ping);
    ASSERT_TRUE(b.running());
    for (int i = 0; i < 3; ++i) {
        b.enter(Syscall::signal, ping, {}, {5});
        ASSERT_TRUE(b.running());
        Machine::advance(millisecond);
        b.enter(Syscall::wait, pong);
        ASSERT_TRUE(a.running());
        EXPECT_EQ(a.answer().words[0], 5U);
        Machine::advance(millisecond);
        a.enter(Syscall::signal, pong, {}, {6});
        a.enter(Syscall::wait, ping);
        ASSERT_TRUE(b.running());
        EXPECT_EQ(b.answer().words[0], 6U);
    }
    // Each was charged for its own milliseconds, and the slices still end.
    b.enter(Syscall::signal, ping, {}, {5});
    Machine::advance(slice);
    EXPECT_TRUE(a.running());
    Machine::advance(100 * millisecond);
    ASSERT_TRUE(init.running());
    EXPECT_GE(init.call(first.context, abi::SchedContextOp::query).words[0], 3 * millisecond);
    EXPECT_GE(init.call(second.context, abi::SchedContextOp::query).words[0], 3 * millisecond);
}

TEST_F(SchedulerTest, ASignalToSomebodyMoreImportantSwitchesAtOnce) {
    const abi::CapIndex news = make(ObjectType::notification);
    const NewThread high = thread(20);
    const NewThread low = thread(10);
    pause_init();
    User(*high.registers).enter(Syscall::wait, news);
    ASSERT_EQ(host::running(), low.registers);
    User(*low.registers).enter(Syscall::signal, news, {}, {3});
    ASSERT_EQ(host::running(), high.registers);
    EXPECT_EQ(User(*high.registers).answer().words[0], 3U);
    // Nobody else to hand over to: the machine idles until the first process's deadline.
    User(*high.registers).enter(Syscall::wait, news);
    User(*low.registers).enter(Syscall::wait, news);
    EXPECT_EQ(host::running(), nullptr);
}

TEST_F(SchedulerTest, EqualsTakeTurns) {
    const NewThread first = thread(10);
    const NewThread second = thread(10);
    pause_init(100 * millisecond);
    EXPECT_EQ(host::running(), first.registers);
    Machine::advance(slice - 1);
    EXPECT_EQ(host::running(), first.registers);
    Machine::advance(1);
    EXPECT_EQ(host::running(), second.registers);
    Machine::advance(slice);
    EXPECT_EQ(host::running(), first.registers);
}

class ServerTest : public SchedulerTest {
protected:
    void receive(const NewThread& thread) { User(*thread.registers).enter(Syscall::receive, desk); }
    void answer(const NewThread& thread) {
        User(*thread.registers).enter(Syscall::reply_and_receive, desk);
    }
    void call(const NewThread& thread) { User(*thread.registers).enter(Syscall::call, endpoint); }

    const abi::CapIndex endpoint = init.create(ObjectType::endpoint, 0, 0, 0, 0, 0, bank);
    const abi::CapIndex reply = init.create(ObjectType::reply, 0, 0, 0, 0, 0, bank);
    const std::uint64_t desk = endpoint | std::uint64_t{reply} << 32;
    const NewThread server = thread(30);
};

// Others wait for the server, so a call is not left in the middle; who makes it has less the next time.
TEST_F(ServerTest, ACallOutlastsItsSlice) {
    constexpr Nanoseconds over = kernel::Scheduler::call_grace / 2;
    const NewThread client = thread(20);
    const NewThread other = thread(20);
    pause_init(100 * millisecond);
    receive(server);
    Machine::advance(slice - 1);
    ASSERT_EQ(host::running(), client.registers);
    call(client);
    Machine::advance(1 + over);
    ASSERT_EQ(host::running(), server.registers);
    answer(server);
    EXPECT_EQ(host::running(), other.registers) << "the client's slice was over long ago";
    Machine::advance(slice);
    ASSERT_EQ(host::running(), client.registers);
    Machine::advance(slice - over - 1);
    EXPECT_EQ(host::running(), client.registers);
    Machine::advance(1);
    EXPECT_EQ(host::running(), other.registers);
}

TEST_F(ServerTest, ACallThatTakesLongIsPutAside) {
    const NewThread client = thread(20);
    const NewThread other = thread(20);
    pause_init(100 * millisecond);
    receive(server);
    call(client);
    Machine::advance(slice + kernel::Scheduler::call_grace - 1);
    EXPECT_EQ(host::running(), server.registers);
    Machine::advance(1);
    EXPECT_EQ(host::running(), other.registers);
    Machine::advance(slice);
    EXPECT_EQ(host::running(), server.registers);
}

// Two who keep one server busy: whoever waits for it has no new slice by that.
TEST_F(ServerTest, WhoWaitsForABusyServerHasNoMoreThanOthers) {
    const NewThread first = thread(20);
    const NewThread second = thread(20);
    const NewThread other = thread(20);
    pause_init(1000 * millisecond);
    receive(server);
    call(first);
    Machine::advance(slice + kernel::Scheduler::call_grace);
    ASSERT_EQ(host::running(), second.registers);
    call(second);  // the server is ready, and not done
    ASSERT_EQ(host::running(), other.registers);
    Machine::advance(slice);
    ASSERT_EQ(host::running(), server.registers);
    const Nanoseconds begin = plat::clock_now();
    while (host::running() != other.registers) {
        ASSERT_LE(plat::clock_now() - begin, 2 * (slice + kernel::Scheduler::call_grace));
        if (host::running() == server.registers) {
            Machine::advance(slice / 8);
            if (host::running() == server.registers) {
                answer(server);  // and takes the other one's message
            }
        } else {
            call(host::running() == first.registers ? first : second);
        }
    }
    EXPECT_GE(plat::clock_now() - begin, slice) << "the calls were served in a row";
}

// Calls that need a decision each, as those with a deadline do.
TEST_F(SchedulerTest, WhoKeepsCallingUsesUpItsSlice) {
    const abi::CapIndex endpoint = init.create(ObjectType::endpoint, 0, 0, 0, 0, 0, bank);
    const abi::CapIndex reply = init.create(ObjectType::reply, 0, 0, 0, 0, 0, bank);
    const std::uint64_t desk = endpoint | std::uint64_t{reply} << 32;
    const NewThread server = thread(30);
    const NewThread client = thread(20);
    const NewThread other = thread(20);
    pause_init(100 * millisecond);
    User(*server.registers).enter(Syscall::receive, desk);
    for (int quarter = 1; quarter <= 4; ++quarter) {
        ASSERT_EQ(host::running(), client.registers) << quarter;
        User(*client.registers)
            .enter(Syscall::call, endpoint, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline), {},
                   plat::clock_now() + 50 * millisecond);
        ASSERT_EQ(host::running(), server.registers) << quarter;
        Machine::advance(slice / 4);
        if (quarter < 4) {
            User(*server.registers).enter(Syscall::reply_and_receive, desk);
        }
    }
    Machine::advance(kernel::Scheduler::call_grace);
    EXPECT_EQ(host::running(), other.registers);
}

TEST_F(SchedulerTest, WhoIsPutAsideKeepsTheRestOfItsSlice) {
    const NewThread important = thread(20);
    const NewThread first = thread(10);
    const NewThread second = thread(10);
    pause_init(100 * millisecond);
    for (int quarter = 1; quarter <= 4; ++quarter) {
        User(*important.registers)
            .enter(Syscall::wait, sleep, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline), {},
                   plat::clock_now() + slice / 4);
        ASSERT_EQ(host::running(), first.registers) << quarter;
        Machine::advance(slice / 4);
        ASSERT_EQ(host::running(), important.registers) << quarter;
    }
    User(*important.registers).enter(Syscall::wait, sleep);
    EXPECT_EQ(host::running(), second.registers);
    Machine::advance(slice);
    EXPECT_EQ(host::running(), first.registers);
}

TEST_F(SchedulerTest, YieldGivesTheRestAway) {
    const NewThread first = thread(10);
    const NewThread second = thread(10);
    pause_init(100 * millisecond);
    User(*first.registers).enter(Syscall::yield, 0);
    EXPECT_EQ(host::running(), second.registers);
    User(*second.registers).enter(Syscall::yield, 0);
    EXPECT_EQ(host::running(), first.registers);
    EXPECT_EQ(User(*second.registers).answer().error, Error::ok);
}

TEST_F(SchedulerTest, AnEmptyBudgetWaitsForItsPeriod) {
    const NewThread greedy = thread(20, 2 * millisecond, 10 * millisecond);
    const NewThread patient = thread(10);
    pause_init(100 * millisecond);
    EXPECT_EQ(host::running(), greedy.registers);
    Machine::advance(2 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
    Machine::advance(7 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
    Machine::advance(millisecond);
    EXPECT_EQ(host::running(), greedy.registers);
    Machine::advance(2 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
}

// Used at once: three periods' worth. The machine's timer was late.
TEST_F(SchedulerTest, AnOverrunIsPaidBack) {
    const NewThread greedy = thread(20, 2 * millisecond, 10 * millisecond);
    const NewThread patient = thread(10);
    pause_init(100 * millisecond);
    Machine::stall(6 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
    Machine::advance(23 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
    Machine::advance(millisecond);
    EXPECT_EQ(host::running(), greedy.registers);
    Machine::advance(2 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
}

TEST_F(SchedulerTest, NobodyRunsWhenAllHaveSpentTheirBudget) {
    const NewThread greedy = thread(20, millisecond, 10 * millisecond);
    pause_init(100 * millisecond);
    Machine::advance(millisecond);
    EXPECT_EQ(host::running(), nullptr);
    Machine::advance(9 * millisecond);
    EXPECT_EQ(host::running(), greedy.registers);
}

TEST_F(SchedulerTest, DeadlinesEndWaitsInTheirOrder) {
    const NewThread first = thread(20);
    const NewThread second = thread(19);
    pause_init(100 * millisecond);
    const auto wait_until = [&](const NewThread& who, Nanoseconds when) {
        User(*who.registers)
            .enter(Syscall::wait, sleep, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline), {},
                   when);
    };
    const Nanoseconds now = plat::clock_now();
    wait_until(first, now + 7 * millisecond);
    wait_until(second, now + 5 * millisecond);
    EXPECT_EQ(host::running(), nullptr);
    Machine::advance(5 * millisecond);
    EXPECT_EQ(host::running(), second.registers);
    EXPECT_EQ(User(*second.registers).answer().error, Error::timed_out);
    Machine::advance(2 * millisecond);
    EXPECT_EQ(host::running(), first.registers);
}

TEST_F(SchedulerTest, TheTimeIsChargedToWhoeverUsedIt) {
    const NewThread worker = thread(20);
    const std::uint64_t before = init.call(worker.context, abi::SchedContextOp::query).words[0];
    pause_init(30 * millisecond);
    Machine::advance(30 * millisecond);
    const host::Answer after = init.call(worker.context, abi::SchedContextOp::query);
    EXPECT_EQ(after.words[0] - before, 30 * millisecond);
    EXPECT_EQ(after.words[1], 20U);
}

TEST_F(SchedulerTest, AContextCannotOutrankItsParent) {
    const abi::CapIndex low =
        init.create(ObjectType::sched_context, abi::boot_sched_context, 50, 0, 0, 0, bank);
    ASSERT_NE(low, abi::no_capability);
    EXPECT_EQ(init.create(ObjectType::sched_context, low, 51, 0, 0, 0, bank), abi::no_capability);
    EXPECT_NE(init.create(ObjectType::sched_context, low, 50, 0, 0, 0, bank), abi::no_capability);
}

// Two threads without budgets of their own, created from a context that has one.
TEST_F(SchedulerTest, ABudgetHoldsForAllContextsWithinIt) {
    const abi::CapIndex group = init.create(ObjectType::sched_context, abi::boot_sched_context, 50,
                                            4 * millisecond, 10 * millisecond, 0, bank);
    const NewThread first = thread_within(group, 20);
    const NewThread second = thread_within(group, 20);
    const NewThread patient = thread(10);
    pause_init(95 * millisecond);
    EXPECT_EQ(host::running(), first.registers);
    Machine::advance(millisecond);
    User(*first.registers).enter(Syscall::yield, 0);
    EXPECT_EQ(host::running(), second.registers);
    Machine::advance(3 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
    Machine::advance(5 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
    Machine::advance(millisecond);
    EXPECT_NE(host::running(), patient.registers);
    Machine::advance(4 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
    Machine::advance(81 * millisecond);
    EXPECT_TRUE(init.running());
    const host::Answer all = init.call(group, abi::SchedContextOp::query);
    EXPECT_EQ(all.words[0], 40 * millisecond);
}

TEST_F(SchedulerTest, ABudgetThatIsGoneLimitsNobody) {
    const abi::CapIndex group = init.create(ObjectType::sched_context, abi::boot_sched_context, 50,
                                            millisecond, 10 * millisecond, 0, bank);
    const NewThread inner = thread_within(group, 20);
    EXPECT_TRUE(init.call(abi::boot_own_table, abi::CapTableOp::remove, {group}).ok());
    pause_init(100 * millisecond);
    Machine::advance(50 * millisecond);
    EXPECT_EQ(host::running(), inner.registers);
}

TEST_F(SchedulerTest, ContextsWithBudgetsNestToADepth) {
    abi::CapIndex at = abi::boot_sched_context;
    for (int depth = 0; depth <= kernel::SchedContext::max_depth; ++depth) {
        at = init.create(ObjectType::sched_context, at, 50, millisecond, millisecond, 0, bank);
        ASSERT_NE(at, abi::no_capability) << depth;
    }
    EXPECT_EQ(init.create(ObjectType::sched_context, at, 50, 0, 0, 0, bank), abi::no_capability);
}

// The server is not stopped in the middle of its work; the client pays before it goes on.
TEST_F(SchedulerTest, WhoIsCalledFinishesOnALentContextThatIsUsedUp) {
    const abi::CapIndex endpoint = init.create(ObjectType::endpoint, 0, 0, 0, 0, 0, bank);
    const abi::CapIndex reply = init.create(ObjectType::reply, 0, 0, 0, 0, 0, bank);
    const std::uint64_t desk = endpoint | std::uint64_t{reply} << 32;
    const NewThread server = thread(30);
    const NewThread client = thread(20, millisecond, 10 * millisecond);
    const NewThread patient = thread(10);
    pause_init(100 * millisecond);
    User(*server.registers).enter(Syscall::receive, desk);
    User(*client.registers).enter(Syscall::call, endpoint);
    ASSERT_EQ(host::running(), server.registers);
    Machine::advance(3 * millisecond);
    ASSERT_EQ(host::running(), server.registers);
    User(*server.registers).enter(Syscall::reply_and_receive, desk);
    // It has used three periods' budgets.
    EXPECT_EQ(host::running(), patient.registers);
    Machine::advance(26 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
    Machine::advance(millisecond);
    EXPECT_EQ(host::running(), client.registers);
}

TEST_F(SchedulerTest, NobodyRunsOnALentContextForEver) {
    const abi::CapIndex endpoint = init.create(ObjectType::endpoint, 0, 0, 0, 0, 0, bank);
    const abi::CapIndex reply = init.create(ObjectType::reply, 0, 0, 0, 0, 0, bank);
    const NewThread accomplice = thread(30);
    const NewThread client = thread(20, millisecond, 10 * millisecond);
    const NewThread patient = thread(10);
    pause_init(200 * millisecond);
    User(*accomplice.registers).enter(Syscall::receive, endpoint | std::uint64_t{reply} << 32);
    User(*client.registers).enter(Syscall::call, endpoint);
    Machine::advance(millisecond + kernel::SchedContext::grace - 1);
    ASSERT_EQ(host::running(), accomplice.registers);
    Machine::advance(1);
    ASSERT_EQ(host::running(), patient.registers);
    Machine::advance(50 * millisecond);
    EXPECT_EQ(host::running(), patient.registers);
}

}  // namespace
