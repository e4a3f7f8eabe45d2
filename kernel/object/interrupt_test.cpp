// SPDX-License-Identifier: MIT
#include "kernel/object/interrupt.hpp"

#include <gtest/gtest.h>

#include "kernel/arch/host/kernel_fixture.hpp"

namespace {

using abi::Error;
using abi::ObjectType;
using abi::Syscall;
using host::Machine;

class InterruptTest : public host::KernelTest {
protected:
    abi::CapIndex notification = make(ObjectType::notification);

    host::Answer line(std::uint64_t gsi, std::uint64_t flags = 0) {
        return init.call(abi::boot_interrupt_control, abi::InterruptControlOp::create_line,
                         {gsi, flags, bank});
    }
    std::uint64_t bits() { return init.call(notification, abi::NotificationOp::peek).words[0]; }
};

TEST_F(InterruptTest, ALevelSignalsAndStaysQuietUntilAcknowledged) {
    const abi::CapIndex interrupt = line(1, abi::InterruptFlags::level).cap();
    EXPECT_TRUE(init.call(interrupt, abi::InterruptOp::bind, {notification, 0x10}).ok());
    EXPECT_TRUE(init.call(interrupt, abi::InterruptOp::acknowledge).ok());
    Machine::raise_line(1);
    EXPECT_EQ(bits(), 0x10U);
    init.enter(Syscall::wait, notification);
    EXPECT_EQ(init.answer().words[0], 0x10U);
    Machine::raise_line(1);
    EXPECT_EQ(bits(), 0U);
    EXPECT_TRUE(init.call(interrupt, abi::InterruptOp::acknowledge).ok());
    Machine::raise_line(1);
    EXPECT_EQ(bits(), 0x10U);
}

TEST_F(InterruptTest, AnEdgeBeforeTheAcknowledgementIsNotLost) {
    const abi::CapIndex interrupt = line(1).cap();
    EXPECT_TRUE(init.call(interrupt, abi::InterruptOp::bind, {notification, 0x10}).ok());
    Machine::raise_line(1);
    init.enter(Syscall::wait, notification);
    EXPECT_EQ(init.answer().words[0], 0x10U);
    Machine::raise_line(1);
    EXPECT_TRUE(init.call(interrupt, abi::InterruptOp::acknowledge).ok());
    EXPECT_EQ(bits(), 0x10U);
}

TEST_F(InterruptTest, OneOwnerPerLineUntilItDies) {
    EXPECT_TRUE(line(4).ok());
    EXPECT_EQ(line(4).error, Error::busy);
    init.call(bank, abi::BankOp::destroy);
    bank = init.create(ObjectType::bank, std::uint64_t{1} << 20);
    EXPECT_TRUE(line(4).ok());
}

TEST_F(InterruptTest, ALineThatIsNotThereIsRefused) { EXPECT_FALSE(line(24).ok()); }

TEST_F(InterruptTest, AnInterruptWakesAnIdleMachine) {
    const abi::CapIndex interrupt = line(9).cap();
    init.call(interrupt, abi::InterruptOp::bind, {notification, 1});
    init.call(interrupt, abi::InterruptOp::acknowledge);
    init.enter(Syscall::wait, notification);
    EXPECT_EQ(host::running(), nullptr);
    Machine::raise_line(9);
    EXPECT_TRUE(init.running());
    EXPECT_EQ(init.answer().words[0], 1U);
}

}  // namespace
