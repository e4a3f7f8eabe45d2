// SPDX-License-Identifier: MIT
// What system calls do that takes two threads, little memory, or an end at a bad moment; the errors are in operations_test.cpp.
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "abi/kernel/fault.hpp"
#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/arch/x86_64/traps.hpp"

namespace {

using abi::AddressSpaceOp;
using abi::CapTableOp;
using abi::Error;
using abi::MemoryOp;
using abi::ObjectType;
using abi::Syscall;
using abi::Tag;
using abi::ThreadOp;
using abi::ThreadState;
using host::long_time;
using host::Machine;
using host::NewThread;
using host::User;

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t place = 0x5000'0000;
constexpr std::uint64_t any_access = abi::MapFlags::read | abi::MapFlags::write;

class EffectsTest : public host::KernelTest {
protected:
    abi::CapIndex endpoint = make(ObjectType::endpoint);
    abi::CapIndex reply = make(ObjectType::reply);
    abi::CapIndex memory = make(ObjectType::memory, 8 * page);
    NewThread first_parts = host::start_thread(init, 100, bank);
    NewThread second_parts = host::start_thread(init, 90, bank);
    User first{*first_parts.registers};
    User second{*second_parts.registers};

    std::uint64_t desk() const { return endpoint | std::uint64_t{reply} << 32; }
    Error map(abi::CapIndex what, std::uint64_t length, std::uint64_t flags = any_access) {
        return init.call(abi::boot_own_space, AddressSpaceOp::map, {what, place, length, 0, flags})
            .error;
    }
    void TearDown() override {
        KernelTest::TearDown();
        init.call(abi::boot_own_space, AddressSpaceOp::unmap, {place, 16 * page});
    }
    // The first process goes on when nobody else can.
    void come_back() {
        Machine::advance(long_time);
        ASSERT_TRUE(init.running());
    }
    // A bank of so many pages.
    abi::CapIndex poor_bank(std::uint64_t pages) { return make(ObjectType::bank, pages * page); }
};

TEST_F(EffectsTest, FutexesWakeAndMoveThoseWhoWait) {
    ASSERT_EQ(map(memory, 8 * page), Error::ok);
    ASSERT_NE(init.touch(place, true), nullptr);
    ASSERT_NE(init.touch(place + page, true), nullptr);
    const auto wait = abi::make_tag(static_cast<std::uint16_t>(AddressSpaceOp::futex_wait));
    pause_init();
    first.enter(Syscall::call, abi::boot_own_space, wait, {place, 0, 1});
    second.enter(Syscall::call, abi::boot_own_space, wait, {place, 0, 2});
    come_back();
    const auto wake = [&](std::uint64_t address, std::uint64_t bits) {
        return init.call(abi::boot_own_space, AddressSpaceOp::futex_wake, {address, 9, bits})
            .words[0];
    };
    EXPECT_EQ(wake(place, 4), 0U);
    const host::Answer moved =
        init.call(abi::boot_own_space, AddressSpaceOp::futex_requeue, {place, 0, place + page, 9});
    EXPECT_EQ(moved.words[0], 0U);
    EXPECT_EQ(moved.words[1], 2U);
    EXPECT_EQ(wake(place, 0), 0U);
    EXPECT_EQ(wake(place + page, 2), 1U);
    EXPECT_EQ(state_of(first_parts.thread), ThreadState::blocked);
    EXPECT_EQ(state_of(second_parts.thread), ThreadState::ready);
    EXPECT_EQ(wake(place + page, 0), 1U);
    // A word that nobody can read.
    EXPECT_EQ(
        init.call(abi::boot_own_space, AddressSpaceOp::futex_wake, {place + 64 * page, 1}).error,
        Error::bad_address);
}

TEST_F(EffectsTest, AReserveIsPaidInAdvance) {
    const abi::CapIndex poor = poor_bank(16);
    const abi::CapIndex small = init.create(ObjectType::memory, 8 * page, 0, 0, 0, 0, poor);
    const auto charged = [&] { return init.call(poor, abi::BankOp::query).words[1]; };
    const std::uint64_t before = charged();
    EXPECT_TRUE(init.call(small, MemoryOp::reserve, {4 * page}).ok());
    EXPECT_EQ(charged() - before, 4 * page);
    EXPECT_TRUE(init.call(small, MemoryOp::reserve, {2 * page}).ok());
    EXPECT_EQ(charged() - before, 2 * page);
    EXPECT_TRUE(init.call(small, MemoryOp::reserve, {0}).ok());
    EXPECT_EQ(charged(), before);
    EXPECT_EQ(init.call(small, MemoryOp::reserve, {9 * page}).error, Error::out_of_range);
    const abi::CapIndex large = init.create(ObjectType::memory, 64 * page, 0, 0, 0, 0, poor);
    EXPECT_EQ(init.call(large, MemoryOp::reserve, {64 * page}).error, Error::no_memory);
    EXPECT_EQ(charged(), before);
    EXPECT_EQ(init.call(abi::boot_physical_memory, MemoryOp::reserve, {page}).error,
              Error::missing_right);
    EXPECT_TRUE(init.call(poor, abi::BankOp::activity).ok());
}

TEST_F(EffectsTest, MemoryThatTheBankCannotPayIsRefusedWhole) {
    ASSERT_TRUE(init.call(memory, MemoryOp::commit, {0, 8 * page}).ok());
    for (std::uint64_t pages = 1; pages < 12; ++pages) {
        const abi::CapIndex poor = poor_bank(pages);
        const std::uint64_t before = init.call(poor, abi::BankOp::query).words[1];
        const auto refused = [&](const host::Answer& answer) {
            if (answer.ok()) {
                init.call(abi::boot_own_table, CapTableOp::remove, {answer.words[0]});
            } else {
                EXPECT_EQ(answer.error, Error::no_memory);
            }
            EXPECT_EQ(init.call(poor, abi::BankOp::query).words[1], before);
        };
        const auto type = [](ObjectType of) { return static_cast<std::uint64_t>(of); };
        refused(init.call(memory, MemoryOp::clone, {poor, 0, 8 * page}));
        refused(init.call(poor, abi::BankOp::create,
                          {type(ObjectType::memory), 8 * page, abi::MemoryFlags::contiguous}));
        refused(init.call(poor, abi::BankOp::create, {type(ObjectType::cap_table), 30000}));
        refused(init.call(poor, abi::BankOp::create, {type(ObjectType::address_space)}));
        refused(init.call(abi::boot_own_space, AddressSpaceOp::clone, {poor, 0}));
        refused(init.call(abi::boot_own_table, CapTableOp::clone, {poor}));
        refused(init.call(poor, abi::BankOp::create,
                          {type(ObjectType::thread), abi::boot_own_space, abi::boot_own_table,
                           memory, 0, abi::ThreadFlags::fpu}));
        EXPECT_TRUE(init.call(poor, abi::BankOp::destroy).ok());
    }
}

TEST_F(EffectsTest, ACloneOfPinnedPagesIsACopy) {
    ASSERT_EQ(map(memory, 8 * page), Error::ok);
    std::memset(init.touch(place, true), 0x5a, page);
    EXPECT_TRUE(init.call(memory, MemoryOp::pin, {0, page, abi::boot_physical_memory}).ok());
    const host::Answer made = init.call(memory, MemoryOp::clone, {bank, 0, 8 * page});
    ASSERT_TRUE(made.ok());
    std::memset(init.touch(place, true), 0x11, page);
    EXPECT_TRUE(init.call(made.cap(), MemoryOp::read, {0, 64}).ok());
    EXPECT_EQ(*init.message_page(), std::byte{0x5a});
}

TEST_F(EffectsTest, DeviceMemoryIsMappedAsAsked) {
    constexpr std::uint64_t device = std::uint64_t{1} << 32;
    const host::Answer window =
        init.call(abi::boot_physical_memory, MemoryOp::window, {device, 2 * page, bank});
    ASSERT_TRUE(window.ok());
    for (const std::uint64_t kind : {abi::MapFlags::uncached, abi::MapFlags::write_combining}) {
        EXPECT_EQ(map(window.cap(), 2 * page, any_access | kind), Error::ok);
        EXPECT_TRUE(init.call(abi::boot_own_space, AddressSpaceOp::unmap, {place, 2 * page}).ok());
    }
}

TEST_F(EffectsTest, ABoundNotificationIsReceivedWhetherItComesBeforeOrAfter) {
    const abi::CapIndex bell = make(ObjectType::notification);
    ASSERT_TRUE(init.call(first_parts.thread, ThreadOp::bind_notification, {bell}).ok());
    init.enter(Syscall::signal, bell, {}, {3});
    pause_init();
    first.enter(Syscall::receive, desk());
    ASSERT_TRUE(first.running());
    EXPECT_TRUE(first.answer().tag.has(Tag::is_signal));
    EXPECT_EQ(first.answer().words[0], 3U);
    first.enter(Syscall::receive, desk());
    come_back();
    init.enter(Syscall::signal, bell, {}, {8});
    EXPECT_EQ(first.answer().words[0], 8U);
    EXPECT_EQ(state_of(first_parts.thread), ThreadState::ready);
    // It goes with its notification.
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {bell}).ok());
}

TEST_F(EffectsTest, OneWayMessagesWaitForAReceiver) {
    pause_init();
    std::memcpy(first.message_page(), "payload", 7);
    first.enter(Syscall::send, endpoint, abi::make_tag(4, 7), {1});
    second.enter(Syscall::send, endpoint, abi::make_tag(5), {2});
    come_back();
    init.enter(Syscall::receive, endpoint);
    EXPECT_EQ(init.answer().tag.label(), 4U);
    EXPECT_EQ(std::memcmp(init.message_page(), "payload", 7), 0);
    init.enter(Syscall::receive, endpoint);
    EXPECT_EQ(init.answer().words[0], 2U);
}

TEST_F(EffectsTest, ACallPassesByAReceiverWhoCannotAnswer) {
    pause_init();
    first.enter(Syscall::receive, endpoint);
    second.enter(Syscall::receive, desk());
    come_back();
    init.enter(Syscall::call, endpoint, abi::make_tag(1, 0, 0, 0, Tag::has_deadline), {},
               plat::clock_now() + host::millisecond);
    EXPECT_TRUE(second.running());
    come_back();
    EXPECT_EQ(init.answer().error, Error::timed_out);
    EXPECT_EQ(state_of(first_parts.thread), ThreadState::blocked);
}

TEST_F(EffectsTest, AForeignCallWithoutUpcallIsAFault) {
    init.call(first_parts.thread, ThreadOp::set_fault_handler, {endpoint, 0});
    pause_init();
    first.enter(static_cast<Syscall>(39), 0);
    come_back();
    init.enter(Syscall::receive, desk());
    EXPECT_TRUE(init.answer().tag.has(Tag::is_fault));
    EXPECT_EQ(init.answer().tag.label(), static_cast<std::uint16_t>(abi::FaultLabel::system_call));
    EXPECT_EQ(init.answer().words[0], 39U);
    // Whoever could have answered goes: the thread stays where it is.
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {reply}).ok());
    EXPECT_EQ(state_of(first_parts.thread), ThreadState::faulted);
}

TEST_F(EffectsTest, AFaultThatNobodyHasTakenStaysWhenItsEndpointGoes) {
    init.call(first_parts.thread, ThreadOp::set_fault_handler, {endpoint, 0});
    init.call(second_parts.thread, ThreadOp::set_fault_handler, {endpoint, 0});
    pause_init();
    kernel_user_exception(&first.context(), 6, 0, 0);
    come_back();
    EXPECT_EQ(state_of(first_parts.thread), ThreadState::blocked);
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {endpoint}).ok());
    EXPECT_EQ(state_of(first_parts.thread), ThreadState::faulted);
    EXPECT_TRUE(init.call(second_parts.thread, ThreadOp::set_fault_handler, {0}).ok());
}

TEST_F(EffectsTest, APagerThatCannotSupplySaysSo) {
    const abi::CapIndex paged = init.create(ObjectType::memory, 8 * page, 0, endpoint, 5, 0, bank);
    const abi::CapIndex more = init.create(ObjectType::memory, 8 * page, 0, endpoint, 6, 0, bank);
    ASSERT_EQ(map(paged, 8 * page), Error::ok);
    const host::Answer copy = init.call(paged, MemoryOp::clone, {bank, 0, 8 * page});
    ASSERT_TRUE(copy.ok());
    // The pager waits when the fault comes.
    pause_init();
    first.enter(Syscall::receive, endpoint);
    EXPECT_EQ(second.touch(place + page, false), nullptr);
    EXPECT_TRUE(first.running());
    EXPECT_EQ(first.answer().badge, 5U);
    EXPECT_EQ(first.answer().words[0], page);
    come_back();
    EXPECT_EQ(state_of(second_parts.thread), ThreadState::blocked);
    EXPECT_TRUE(init.call(paged, MemoryOp::fail, {page, page}).ok());
    EXPECT_EQ(state_of(second_parts.thread), ThreadState::faulted);
    for (const abi::CapIndex gone : {more, copy.cap(), paged}) {
        EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {gone}).ok());
    }
}

TEST_F(EffectsTest, WhatIsInUseIsBusy) {
    pause_init();
    first.enter(Syscall::receive, desk());
    come_back();
    init.enter(Syscall::receive, desk());
    EXPECT_EQ(init.answer().error, Error::busy);
    init.enter(Syscall::reply_and_receive, desk());
    EXPECT_EQ(init.answer().error, Error::busy);
    // The reply object goes; the receive goes on, for what needs no answer.
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {reply}).ok());
    EXPECT_EQ(state_of(first_parts.thread), ThreadState::blocked);
    init.enter(Syscall::send, endpoint, abi::make_tag(7));
    EXPECT_EQ(state_of(first_parts.thread), ThreadState::ready);
}

TEST_F(EffectsTest, APendingInterruptEndsAnInterruptibleCallBeforeItBegins) {
    init.control().interrupt_pending = 1;
    init.enter(Syscall::wait, sleep, abi::make_tag(0, 0, 0, 0, Tag::interruptible));
    EXPECT_EQ(init.answer().error, Error::interrupted);
    init.control().interrupt_pending = 0;
    EXPECT_TRUE(init.call(bank, abi::null_operation, {7, 7}).ok());
    init.enter(Syscall::call, bank, abi::make_tag(abi::null_operation, 8));
    EXPECT_TRUE(init.answer().ok());
}

TEST_F(EffectsTest, ALentSpaceIsSeenThroughItsLender) {
    ASSERT_EQ(map(memory, 8 * page), Error::ok);
    std::memset(init.touch(place, true), 0x5a, page);
    constexpr std::uint64_t below = std::uint64_t{1} << 39;
    const host::Answer made = init.call(abi::boot_own_space, AddressSpaceOp::clone, {bank, below});
    ASSERT_TRUE(made.ok());
    const abi::CapIndex pages = make(ObjectType::memory, 2 * page);
    const abi::CapIndex thread = make(ObjectType::thread, made.cap(), abi::boot_own_table, pages);
    const abi::CapIndex context = make(ObjectType::sched_context, abi::boot_sched_context, 110);
    init.call(context, abi::SchedContextOp::bind, {thread});
    init.call(thread, ThreadOp::start, {0x400000});
    pause_init();
    User borrower(*host::running());
    std::byte* seen = borrower.touch(place, false);
    ASSERT_NE(seen, nullptr);
    EXPECT_EQ(*seen, std::byte{0x5a});
    EXPECT_NE(borrower.touch(place + 3 * page, true), nullptr);
    come_back();
}

}  // namespace
