// SPDX-License-Identifier: MIT
// What happens to a thread from outside: faults, upcalls, interrupts, registers.
#include "kernel/object/thread.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/arch/x86_64/traps.hpp"

namespace {

using abi::Error;
using abi::ObjectType;
using abi::Syscall;
using host::Machine;
using host::NewThread;
using host::second;
using host::User;

constexpr std::uint64_t exception_entry = 0x5000;
constexpr std::uint64_t interrupt_entry = 0x6000;

class ThreadTest : public host::KernelTest {
protected:
    NewThread made = host::start_thread(init, 100, bank);
    User other{*made.registers};

    void run_other() {
        pause_init(second);
        ASSERT_TRUE(other.running());
    }
    void set_upcalls() {
        EXPECT_TRUE(init.call(made.thread, abi::ThreadOp::set_upcalls,
                              {0x4000, exception_entry, interrupt_entry})
                        .ok());
    }
    abi::ThreadState state() { return state_of(made.thread); }
};

TEST_F(ThreadTest, AFaultWithoutHandlerStopsTheThread) {
    run_other();
    kernel_user_exception(&other.context(), 6, 0, 0);
    EXPECT_FALSE(other.running());
    Machine::advance(second);
    EXPECT_EQ(state(), abi::ThreadState::faulted);
}

TEST_F(ThreadTest, AFaultIsAMessageWhoseAnswerResumes) {
    const abi::CapIndex endpoint = make(ObjectType::endpoint);
    const abi::CapIndex reply = make(ObjectType::reply);
    init.call(made.thread, abi::ThreadOp::set_fault_handler, {endpoint, 77});
    init.enter(Syscall::receive, endpoint | std::uint64_t{reply} << 32);
    ASSERT_TRUE(other.running());
    const std::uint64_t rip = other.context().registers.rip;
    EXPECT_EQ(other.touch(0x1234'5000, true), nullptr);
    ASSERT_TRUE(init.running());
    const host::Answer fault = init.answer();
    EXPECT_TRUE(fault.tag.has(abi::Tag::is_fault));
    EXPECT_EQ(fault.tag.label(), static_cast<std::uint16_t>(abi::FaultLabel::page));
    EXPECT_EQ(fault.badge, 77U);
    EXPECT_EQ(fault.words[0], 0x1234'5000U);
    EXPECT_EQ(fault.words[2], rip);
    init.enter(Syscall::reply, reply);
    EXPECT_TRUE(init.answer().ok());
    EXPECT_EQ(state(), abi::ThreadState::ready);
}

TEST_F(ThreadTest, AnExceptionUpcallSavesTheRegisters) {
    set_upcalls();
    run_other();
    other.context().registers.rbx = 0xb;
    other.context().registers.rip = 0x400123;
    kernel_user_exception(&other.context(), 14, 6, 0x1000);
    EXPECT_TRUE(other.running());
    EXPECT_EQ(other.context().registers.rip, exception_entry);
    const abi::ControlPage& control = other.control();
    EXPECT_EQ(control.saved.rip, 0x400123U);
    EXPECT_EQ(control.saved.rbx, 0xbU);
    EXPECT_EQ(control.exception_cause, 14U);
    EXPECT_EQ(control.exception_error, 6U);
    EXPECT_EQ(control.exception_address, 0x1000U);
    EXPECT_EQ(control.upcalls_masked, abi::masked_library | abi::masked_exception);
}

TEST_F(ThreadTest, AnExceptionWhileMaskedIsAFault) {
    set_upcalls();
    run_other();
    other.control().upcalls_masked = abi::masked_exception;
    kernel_user_exception(&other.context(), 13, 0, 0);
    EXPECT_FALSE(other.running());
    Machine::advance(second);
    EXPECT_EQ(state(), abi::ThreadState::faulted);
}

TEST_F(ThreadTest, AnInterruptIsAnUpcallOrPending) {
    set_upcalls();
    const std::uint64_t rip = other.context().registers.rip;
    other.control().upcalls_masked = abi::masked_library;
    EXPECT_TRUE(init.call(made.thread, abi::ThreadOp::interrupt).ok());
    EXPECT_EQ(other.control().interrupt_pending, 1U);
    EXPECT_EQ(other.context().registers.rip, rip);
    other.control().upcalls_masked = 0;
    EXPECT_TRUE(init.call(made.thread, abi::ThreadOp::interrupt).ok());
    EXPECT_EQ(other.context().registers.rip, interrupt_entry);
    EXPECT_EQ(other.control().saved.rip, rip);
    EXPECT_EQ(other.control().exception_cause, abi::upcall_cause_interrupt);
}

TEST_F(ThreadTest, OnlyInterruptibleWaitsAreInterrupted) {
    const abi::CapIndex event = make(ObjectType::notification);
    run_other();
    other.enter(Syscall::wait, event);
    Machine::advance(second);
    init.call(made.thread, abi::ThreadOp::interrupt);
    EXPECT_EQ(state(), abi::ThreadState::blocked);
    init.enter(Syscall::signal, event, {}, {1});
    other.control().interrupt_pending = 0;
    run_other();
    EXPECT_EQ(other.answer().words[0], 1U);
    other.enter(Syscall::wait, event, abi::make_tag(0, 0, 0, 0, abi::Tag::interruptible));
    Machine::advance(second);
    init.call(made.thread, abi::ThreadOp::interrupt);
    EXPECT_EQ(state(), abi::ThreadState::ready);
    run_other();
    EXPECT_EQ(other.answer().error, Error::interrupted);
}

TEST_F(ThreadTest, RegistersThatTheCpuCouldNotRunAreRefused) {
    init.call(made.thread, abi::ThreadOp::stop);
    abi::Registers registers{};
    registers.rip = 0x400000;
    const auto set = [&] {
        std::memcpy(init.message_page(), &registers, sizeof(registers));
        init.enter(Syscall::call, made.thread,
                   abi::make_tag(static_cast<std::uint16_t>(abi::ThreadOp::set_registers),
                                 sizeof(registers)));
        return init.answer().error;
    };
    EXPECT_EQ(set(), Error::ok);
    registers.rip = arch::user_end;
    EXPECT_EQ(set(), Error::out_of_range);
    registers.rip = 0x400000;
    registers.gs_base = 0xffff'ffff'8000'0000;
    EXPECT_EQ(set(), Error::out_of_range);
    registers.gs_base = 0;
    registers.rsp = 0x0000'8000'0000'0000;
    EXPECT_EQ(set(), Error::out_of_range);
    registers.rsp = 0;
    registers.rflags = ~std::uint64_t{0};
    EXPECT_EQ(set(), Error::ok);
    // Interrupts stay on; the I/O privilege and virtual-8086 bits do not get in.
    EXPECT_EQ(other.context().registers.rflags & 0x73200, 0x200U);
}

}  // namespace
