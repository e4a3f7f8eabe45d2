// SPDX-License-Identifier: MIT
// Memory pressure: who watches a bank is told when little is left.
#include "kernel/object/bank.hpp"

#include <gtest/gtest.h>

#include "kernel/arch/host/kernel_fixture.hpp"

namespace {

using abi::BankOp;
using abi::CapTableOp;
using abi::Error;
using abi::NotificationOp;
using abi::ObjectType;

constexpr std::uint64_t page = abi::page_size;

class BankWatchTest : public host::KernelTest {
protected:
    abi::CapIndex notification = make(ObjectType::notification);
    abi::CapIndex poor = make(ObjectType::bank, 100 * page);

    abi::CapIndex memory_of(abi::CapIndex payer) {
        return init
            .call(payer, BankOp::create,
                  {static_cast<std::uint64_t>(ObjectType::memory), 200 * page, 0, 0})
            .cap();
    }
    Error commit(abi::CapIndex memory, std::uint64_t first, std::uint64_t count) {
        return init.call(memory, abi::MemoryOp::commit, {first * page, count * page}).error;
    }
    Error watch(std::uint64_t bits, std::uint64_t pages_left) {
        return init.call(poor, BankOp::watch, {notification, bits, pages_left * page}).error;
    }
    std::uint64_t bits() { return init.call(notification, NotificationOp::peek).words[0]; }
    void forget_bits() {
        init.enter(abi::Syscall::wait, notification);
        ASSERT_TRUE(init.running());
    }
};

TEST_F(BankWatchTest, ItIsToldOnceWhenLittleIsLeft) {
    const abi::CapIndex memory = memory_of(poor);
    EXPECT_EQ(watch(4, 40), Error::ok);
    EXPECT_EQ(commit(memory, 0, 50), Error::ok);
    EXPECT_EQ(bits(), 0U);
    EXPECT_EQ(commit(memory, 50, 15), Error::ok);
    EXPECT_EQ(bits(), 4U);
    forget_bits();
    EXPECT_EQ(commit(memory, 65, 100), Error::no_memory);
    EXPECT_EQ(bits(), 0U);
    // Asked for again, where it is so already.
    EXPECT_EQ(watch(8, 40), Error::ok);
    EXPECT_EQ(bits(), 8U);
}

TEST_F(BankWatchTest, WhatIsRefusedIsTold) {
    const abi::CapIndex memory = memory_of(poor);
    EXPECT_EQ(watch(1, 0), Error::ok);
    EXPECT_EQ(init.call(memory, abi::MemoryOp::reserve, {150 * page}).error, Error::no_memory);
    EXPECT_EQ(bits(), 1U);
}

TEST_F(BankWatchTest, BanksBelowCount) {
    const abi::CapIndex inner =
        init.call(poor, BankOp::create, {static_cast<std::uint64_t>(ObjectType::bank), 1000 * page})
            .cap();
    const abi::CapIndex memory = memory_of(inner);
    EXPECT_EQ(watch(2, 40), Error::ok);
    EXPECT_EQ(commit(memory, 0, 70), Error::ok);
    EXPECT_EQ(bits(), 2U);
}

TEST_F(BankWatchTest, ANewLimitIsTold) {
    EXPECT_EQ(watch(2, 10), Error::ok);
    EXPECT_TRUE(init.call(poor, BankOp::set_limit, {500 * page}).ok());
    EXPECT_EQ(bits(), 2U);
    forget_bits();
    EXPECT_EQ(commit(memory_of(poor), 0, 190), Error::ok);
    EXPECT_EQ(bits(), 0U);
}

TEST_F(BankWatchTest, TheLatestHolds) {
    const abi::CapIndex memory = memory_of(poor);
    EXPECT_EQ(watch(1, 90), Error::ok);
    EXPECT_EQ(watch(2, 20), Error::ok);
    EXPECT_EQ(commit(memory, 0, 60), Error::ok);
    EXPECT_EQ(bits(), 0U);
    EXPECT_EQ(commit(memory, 60, 25), Error::ok);
    EXPECT_EQ(bits(), 2U);
}

TEST_F(BankWatchTest, ItEndsWithEither) {
    const abi::CapIndex memory = memory_of(poor);
    EXPECT_EQ(watch(1, 40), Error::ok);
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {notification}).ok());
    EXPECT_EQ(commit(memory, 0, 70), Error::ok);
    notification = make(ObjectType::notification);
    EXPECT_EQ(watch(1, 1), Error::ok);
    EXPECT_TRUE(init.call(poor, BankOp::destroy).ok());
    EXPECT_EQ(bits(), 0U);
    init.enter(abi::Syscall::signal, notification, {}, {2});
    EXPECT_EQ(bits(), 2U);
}

TEST_F(BankWatchTest, ItsErrors) {
    EXPECT_EQ(watch(0, 1), Error::invalid_argument);
    const auto with = [this](abi::CapIndex cap, std::uint64_t rights) {
        return init.call(abi::boot_own_table, CapTableOp::copy, {cap, rights, abi::any_slot}).cap();
    };
    const abi::CapIndex deaf = with(notification, abi::NotificationRights::wait);
    EXPECT_EQ(init.call(poor, BankOp::watch, {deaf, 1, 0}).error, Error::missing_right);
    const abi::CapIndex weak = with(poor, abi::BankRights::create | abi::BankRights::query);
    EXPECT_EQ(init.call(weak, BankOp::watch, {notification, 1, 0}).error, Error::missing_right);
}

// Who has a badge can signal that alone, in whatever way.
TEST_F(BankWatchTest, ABadgeIsAllThatIsSignalled) {
    const abi::CapIndex badged = init.call(abi::boot_own_table, CapTableOp::mint,
                                           {notification, abi::all_rights, abi::any_slot, 0x10, 0})
                                     .cap();
    EXPECT_TRUE(init.call(poor, BankOp::watch, {badged, 1, 100 * page}).ok());
    EXPECT_EQ(bits(), 0U);
    EXPECT_EQ(commit(memory_of(poor), 0, 1), Error::ok);
    EXPECT_EQ(bits(), 0x10U);
    forget_bits();
    const abi::CapIndex source = make(ObjectType::notification);
    EXPECT_TRUE(init.call(source, NotificationOp::subscribe, {badged, 1}).ok());
    init.enter(abi::Syscall::signal, source, {}, {2});
    EXPECT_EQ(bits(), 0x10U);
    forget_bits();
    const abi::CapIndex line =
        init.call(abi::boot_interrupt_control, abi::InterruptControlOp::create_line, {7, 0, bank})
            .cap();
    EXPECT_TRUE(init.call(line, abi::InterruptOp::bind, {badged, 1}).ok());
    host::Machine::raise_line(7);
    EXPECT_EQ(bits(), 0x10U);
}

}  // namespace
