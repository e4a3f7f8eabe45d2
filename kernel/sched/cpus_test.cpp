// SPDX-License-Identifier: MIT
// What several CPUs do with each other, on four simulated ones. The first process is the test and stays on CPU 0.
#include <algorithm>
#include <csignal>
#include <optional>

#include <gtest/gtest.h>
#include <arch/cpus.hpp>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/sched/kernel_lock.hpp"
#include "kernel/sched/scheduler.hpp"

namespace {

using abi::ObjectType;
using abi::Syscall;
using host::Machine;
using host::NewThread;
using host::User;

constexpr std::size_t cpu_count = 4;
constexpr std::uint64_t priority = 10;
constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t address = 0x10000000;
constexpr std::uint64_t readable = 1;
constexpr std::uint64_t writable = 3;

// Before the first process is booted.
const bool has_cpus = (Machine::cpus(cpu_count), true);

class CpusTest : public host::KernelTest {
protected:
    void SetUp() override {
        ASSERT_TRUE(has_cpus);
        ASSERT_TRUE(
            init.call(abi::boot_interrupt_control, abi::InterruptControlOp::start_cpus).ok());
        Machine::settle();
        for (std::size_t i = 1; i < cpu_count; ++i) {
            ASSERT_EQ(arch::cpu(i).current, nullptr);
        }
    }
    void TearDown() override {
        KernelTest::TearDown();
        Machine::settle();
    }
    NewThread start() {
        const NewThread made = host::start_thread(init, priority, bank);
        Machine::settle();
        return made;
    }
    // One that runs in an address space of its own.
    NewThread start_elsewhere(abi::CapIndex space) {
        NewThread made;
        const abi::CapIndex pages = make(ObjectType::memory, 2 * page);
        made.thread = make(ObjectType::thread, space, abi::boot_own_table, pages);
        made.context = make(ObjectType::sched_context, abi::boot_sched_context, priority);
        EXPECT_TRUE(init.call(made.context, abi::SchedContextOp::bind, {made.thread}).ok());
        EXPECT_TRUE(init.call(made.thread, abi::ThreadOp::start, {address}).ok());
        Machine::settle();
        return made;
    }
    static std::optional<std::size_t> cpu_of(const arch::ThreadContext* thread) {
        for (std::size_t i = 0; i < cpu_count; ++i) {
            if (arch::cpu(i).current == thread) {
                return i;
            }
        }
        return {};
    }
    // The only CPU besides this that runs anything.
    static std::size_t busy() {
        std::size_t found = 0;
        for (std::size_t i = 1; i < cpu_count; ++i) {
            if (arch::cpu(i).current != nullptr) {
                EXPECT_EQ(found, 0U);
                found = i;
            }
        }
        EXPECT_NE(found, 0U);
        return found;
    }
};

TEST_F(CpusTest, AReadyThreadGoesToACpuThatIdlesAndThatAloneIsTold) {
    const std::uint64_t before = Machine::wakes(1) + Machine::wakes(2) + Machine::wakes(3);
    const NewThread made = start();
    const std::optional<std::size_t> cpu = cpu_of(made.registers);
    ASSERT_TRUE(cpu);
    EXPECT_NE(*cpu, 0U);
    EXPECT_TRUE(init.running());
    EXPECT_EQ(Machine::wakes(1) + Machine::wakes(2) + Machine::wakes(3), before + 1);
    EXPECT_EQ(arch::cpu(*cpu).root, made.registers->root);
}

TEST_F(CpusTest, ASignalWakesAThreadThatWaitsOnAnotherCpu) {
    const abi::CapIndex bell = make(ObjectType::notification);
    const NewThread made = start();
    User waiter(*made.registers);
    const std::size_t cpu = busy();
    Machine::on_cpu(cpu, [&] { waiter.enter(Syscall::wait, bell); });
    EXPECT_EQ(arch::cpu(cpu).current, nullptr);
    const std::uint64_t before = Machine::wakes(cpu);
    init.enter(Syscall::signal, bell, {}, {5});
    EXPECT_TRUE(init.running());
    EXPECT_EQ(arch::cpu(cpu).current, nullptr) << "it runs before it was told";
    Machine::settle();
    EXPECT_EQ(arch::cpu(cpu).current, made.registers);
    EXPECT_EQ(Machine::wakes(cpu), before + 1);
    EXPECT_EQ(waiter.answer().words[0], 5U);
}

TEST_F(CpusTest, AMessageBringsItsPartnerToTheCallersCpu) {
    const abi::CapIndex endpoint = make(ObjectType::endpoint);
    const abi::CapIndex reply = make(ObjectType::reply);
    const NewThread made = start();
    User server(*made.registers);
    const std::size_t cpu = busy();
    Machine::on_cpu(cpu,
                    [&] { server.enter(Syscall::receive, endpoint | std::uint64_t{reply} << 32); });
    ASSERT_EQ(arch::cpu(cpu).current, nullptr);
    init.enter(Syscall::call, endpoint, abi::make_tag(1), {7});
    Machine::settle();
    EXPECT_EQ(arch::cpu(0).current, made.registers);
    EXPECT_EQ(server.answer().words[0], 7U);
    server.enter(Syscall::reply_and_receive, endpoint | std::uint64_t{reply} << 32, {}, {8});
    EXPECT_TRUE(init.running());
    EXPECT_EQ(init.answer().words[0], 8U);
}

TEST_F(CpusTest, MoreThreadsThanCpusAllRun) {
    std::array<NewThread, cpu_count> made;
    std::array<bool, cpu_count> seen{};
    for (NewThread& one : made) {
        one = start();
    }
    for (int i = 0; i < 20; ++i) {
        for (std::size_t j = 0; j < made.size(); ++j) {
            seen[j] = seen[j] || cpu_of(made[j].registers);
        }
        Machine::advance(host::millisecond);
        Machine::settle();
    }
    EXPECT_EQ(seen[0] + seen[1] + seen[2], 3);
    // A CPU whose thread blocks takes the one that waits for another CPU.
    const abi::CapIndex bell = make(ObjectType::notification);
    for (std::size_t cpu = 1; cpu < cpu_count; ++cpu) {
        User user(*arch::cpu(cpu).current);
        Machine::on_cpu(cpu, [&] { user.enter(Syscall::wait, bell); });
    }
    std::size_t waiting = 0;
    for (const NewThread& one : made) {
        waiting += cpu_of(one.registers) ? 0 : 1;
    }
    EXPECT_EQ(waiting, 3U);
    EXPECT_EQ(cpu_of(made[0].registers).has_value() + cpu_of(made[1].registers).has_value() +
                  cpu_of(made[2].registers).has_value() + cpu_of(made[3].registers).has_value(),
              1);
}

TEST_F(CpusTest, TranslationsAreDroppedWhereTheAddressSpaceRunsAndNowhereElse) {
    const NewThread here = start();
    const std::size_t cpu = busy();
    const abi::CapIndex space = make(ObjectType::address_space);
    const NewThread there = start_elsewhere(space);
    ASSERT_TRUE(there.thread != 0 && here.thread != 0);
    const abi::CapIndex memory = make(ObjectType::memory, page);
    using Op = abi::AddressSpaceOp;
    ASSERT_TRUE(init.call(abi::boot_own_space, Op::map, {memory, address, page, 0, writable}).ok());
    ASSERT_NE(init.touch(address, true), nullptr);
    std::array<std::uint64_t, cpu_count> flushes{};
    std::array<std::uint64_t, cpu_count> wakes{};
    for (std::size_t i = 1; i < cpu_count; ++i) {
        flushes[i] = arch::cpu(i).flushes;
        wakes[i] = Machine::wakes(i);
    }
    ASSERT_TRUE(init.call(abi::boot_own_space, Op::protect, {address, page, readable}).ok());
    Machine::settle();
    for (std::size_t i = 1; i < cpu_count; ++i) {
        const std::uint64_t told = i == cpu ? 1 : 0;
        EXPECT_EQ(arch::cpu(i).flushes - flushes[i], told) << i;
        EXPECT_EQ(Machine::wakes(i) - wakes[i], told) << i;
    }
    EXPECT_EQ(arch::cpu(cpu).current, here.registers);
    ASSERT_TRUE(init.call(abi::boot_own_space, Op::unmap, {address, page}).ok());
}

TEST_F(CpusTest, AThreadThatRunsElsewhereIsStopped) {
    const NewThread made = start();
    const std::size_t cpu = busy();
    ASSERT_TRUE(init.call(made.thread, abi::ThreadOp::stop).ok());
    EXPECT_EQ(arch::cpu(cpu).current, nullptr);
    Machine::settle();
    EXPECT_FALSE(cpu_of(made.registers));
    EXPECT_EQ(state_of(made.thread), abi::ThreadState::stopped);
}

TEST_F(CpusTest, ACallThatWasJustBeginningHasNoEffectAndBeginsAgain) {
    const abi::CapIndex bell = make(ObjectType::notification);
    const NewThread made = start();
    User user(*made.registers);
    const std::size_t cpu = busy();
    const std::uint64_t rip = made.registers->registers.rip;
    // It enters the kernel when this CPU, which has the lock, waits for it.
    Machine::will_do(cpu, [&] { user.enter(Syscall::signal, bell, {}, {1}); });
    ASSERT_TRUE(init.call(made.thread, abi::ThreadOp::stop).ok());
    Machine::settle();
    EXPECT_EQ(made.registers->registers.rip, rip - 2);
    init.enter(Syscall::wait, bell, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline), {},
               plat::clock_now() + host::millisecond);
    Machine::advance(2 * host::millisecond);
    EXPECT_EQ(init.answer().error, abi::Error::timed_out) << "the signal came";
}

TEST_F(CpusTest, NoCpuStandsOnPageTablesThatAreGone) {
    const abi::CapIndex space = make(ObjectType::address_space);
    (void)start_elsewhere(space);
    const std::size_t cpu = busy();
    ASSERT_NE(arch::cpu(cpu).root, arch::kernel_root());
    ASSERT_TRUE(init.call(bank, abi::BankOp::destroy).ok());
    EXPECT_EQ(arch::cpu(cpu).root, arch::kernel_root());
    Machine::settle();
    EXPECT_EQ(arch::cpu(cpu).current, nullptr);
    bank = init.create(ObjectType::bank, std::uint64_t{4} << 20);
}

// ---- sharing the kernel

using kernel::KernelLock;

TEST_F(CpusTest, WhoWantsToBeAloneWaitsForThoseWhoShareAndNobodyBeginsToShare) {
    const NewThread made = start();
    User user(*made.registers);
    const std::size_t cpu = busy();
    const abi::CapIndex bell = make(ObjectType::notification);
    bool is_made = false;
    ASSERT_TRUE(KernelLock::try_share());
    Machine::will_do(cpu, [&] { is_made = user.create(ObjectType::notification) != 0; });
    for (int i = 0; i < 1000; ++i) {
        arch::relax();
    }
    EXPECT_FALSE(is_made);
    KernelLock::end_share();
    // The signal's fast path does not get in any more, and its long way waits for the other.
    init.enter(Syscall::signal, bell, {}, {1});
    EXPECT_TRUE(is_made);
    EXPECT_TRUE(init.running());
}

TEST_F(CpusTest, WhoMustStandStillMayBeTryingToShare) {
    const abi::CapIndex bell = make(ObjectType::notification);
    const NewThread made = start();
    User user(*made.registers);
    const std::size_t cpu = busy();
    const std::uint64_t rip = made.registers->registers.rip;
    // What KernelLock::try_share does, with the other CPU's look at it in between.
    Machine::will_do(cpu, [&] {
        kernel::scheduler().begin_sharing();
        arch::relax();
        kernel::scheduler().end_visit();
        user.enter(Syscall::signal, bell, {}, {1});
    });
    ASSERT_TRUE(init.call(made.thread, abi::ThreadOp::stop).ok());
    Machine::settle();
    EXPECT_EQ(made.registers->registers.rip, rip - 2);
    EXPECT_EQ(state_of(made.thread), abi::ThreadState::stopped);
    EXPECT_EQ(init.call(bell, abi::NotificationOp::peek).words[0], 0U);
}

TEST_F(CpusTest, ASignalLeavesAWaiterOnItsCpuUnlessOneIdles) {
    const abi::CapIndex bell = make(ObjectType::notification);
    std::array<NewThread, cpu_count> made;
    for (NewThread& one : made) {
        one = start();
    }
    // Two on one CPU: one of them waits, the other goes on.
    const auto left_out =
        std::ranges::find_if(made, [](const NewThread& one) { return !cpu_of(one.registers); });
    ASSERT_NE(left_out, made.end());
    const std::size_t cpu = 1;
    User waiter(*arch::cpu(cpu).current);
    Machine::on_cpu(cpu, [&] { waiter.enter(Syscall::wait, bell); });
    ASSERT_EQ(arch::cpu(cpu).current, left_out->registers);
    User other(*left_out->registers);
    const auto signal = [&] { other.enter(Syscall::signal, bell, {}, {3}); };
    Machine::on_cpu(cpu, signal);
    EXPECT_FALSE(cpu_of(&waiter.context())) << "nobody has time for it";
    Machine::on_cpu(cpu, [&] { other.enter(Syscall::yield, 0); });
    ASSERT_EQ(arch::cpu(cpu).current, &waiter.context());
    EXPECT_EQ(waiter.answer().words[0], 3U);
    // Now another CPU has nothing to do.
    Machine::on_cpu(cpu, [&] { waiter.enter(Syscall::wait, bell); });
    ASSERT_EQ(arch::cpu(cpu).current, left_out->registers);
    User gone(*arch::cpu(2).current);
    Machine::on_cpu(2, [&] { gone.enter(Syscall::wait, sleep); });
    ASSERT_EQ(arch::cpu(2).current, nullptr);
    Machine::on_cpu(cpu, signal);
    EXPECT_EQ(cpu_of(&waiter.context()), 2U);
}

// ---- the checks of the lock itself

const auto stops = testing::KilledBySignal(SIGABRT);
constexpr const char* is_held = "PANIC: assertion failed: .*!many_ .. rank_here.. == rank";
constexpr const char* is_not_held = "PANIC: assertion failed: .*!many_ .. is_held_here";

// Begins anew in a process of its own for each death: a fork would have none of the other CPUs' threads.
class LockTest : public CpusTest {
protected:
    LockTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

void take() { (void)KernelLock::enter(nullptr, 0); }

TEST_F(LockTest, WhoHasTheLockDoesNotEnter) {
    const auto twice = [] {
        take();
        take();
    };
    const auto in_a_fast_call = [] {
        take();
        (void)KernelLock::try_share();
    };
    EXPECT_EXIT(twice(), stops, is_held);
    EXPECT_EXIT(in_a_fast_call(), stops, is_held);
}

TEST_F(LockTest, WhoDoesNotHaveTheLockChangesNothing) {
    auto& thread = static_cast<kernel::Thread&>(*start().registers);
    auto& self = static_cast<kernel::Thread&>(init.context());
    EXPECT_EXIT(thread.retain(), stops, is_not_held);
    EXPECT_EXIT(thread.release(), stops, is_not_held);
    EXPECT_EXIT(kernel::scheduler().prefer(thread);
                kernel::scheduler().finish(), stops, is_not_held);
    EXPECT_EXIT(kernel::Scheduler::flush_elsewhere(self.root), stops, is_not_held);
    EXPECT_EXIT(kernel::scheduler().add_quietly(self), stops, "PANIC: .*is_alone.* .*shares");
    ASSERT_TRUE(KernelLock::try_share());
    EXPECT_EXIT(kernel::scheduler_of(1).add_quietly(self), stops, "PANIC: .*is_alone.* .*shares");
    EXPECT_EXIT(thread.retain(), stops, is_not_held);
    KernelLock::end_share();
    take();
    thread.retain();
    thread.release();
    KernelLock::leave();
}

TEST_F(LockTest, LocksAreTakenInTheirOrder) {
    static kernel::ObjectLock first;
    static kernel::ObjectLock second;
    using Guard = kernel::ObjectLock::Guard;
    const auto of_nobody_who_shares = [] { const Guard guard(&first); };
    const auto two = [] {
        (void)KernelLock::try_share();
        const Guard guard(&first);
        const Guard other(&second);
    };
    const auto kept = [] {
        (void)KernelLock::try_share();
        const Guard guard(&first);
        KernelLock::end_share();
    };
    EXPECT_EXIT(of_nobody_who_shares(), stops, is_held);
    EXPECT_EXIT(two(), stops, is_held);
    EXPECT_EXIT(kept(), stops, is_held);
    EXPECT_EXIT(Machine::visit([] { (void)KernelLock::try_share(); }), stops, is_held);
}

TEST_F(LockTest, NobodyLeavesWithTheLockOrGivesUpWhatAnotherHas) {
    EXPECT_EXIT(Machine::visit(take), stops, is_held);
    EXPECT_EXIT(KernelLock::leave(), stops, "PANIC: assertion failed: taken_");
    const auto of_another = [] {
        take();
        arch::simulated_cpu = 1;
        KernelLock::leave();
    };
    EXPECT_EXIT(of_another(), stops, is_not_held);
}

}  // namespace
