// SPDX-License-Identifier: MIT
// What of messages only shows from outside of both partners: whose time is used, and who runs next.
#include "kernel/ipc/ipc.hpp"

#include <gtest/gtest.h>

#include "kernel/arch/host/booted_kernel.hpp"
#include "kernel/plat/platform.hpp"

namespace {

using abi::Error;
using abi::ObjectType;
using abi::Syscall;
using host::Machine;
using host::NewThread;
using host::User;

constexpr Nanoseconds millisecond = 1'000'000;

class IpcTest : public testing::Test {
protected:
    User& init = host::init();
    abi::CapIndex bank = init.create(ObjectType::bank, std::uint64_t{4} << 20);
    abi::CapIndex sleep = init.create(ObjectType::notification, 0, 0, 0, 0, 0, bank);
    abi::CapIndex endpoint = init.create(ObjectType::endpoint, 0, 0, 0, 0, 0, bank);
    abi::CapIndex reply = init.create(ObjectType::reply, 0, 0, 0, 0, 0, bank);
    // The server starts first and waits; it has a context of its own only until then.
    NewThread server_parts = host::start_thread(init, 120, bank);
    NewThread client_parts = host::start_thread(init, 100, bank);
    User server{*server_parts.registers};
    User client{*client_parts.registers};

    void TearDown() override {
        if (!init.running()) {
            Machine::advance(1000 * millisecond);
        }
        ASSERT_TRUE(init.running());
        EXPECT_TRUE(init.call(bank, abi::BankOp::destroy).ok());
    }
    void pause_init() {
        init.enter(Syscall::wait, sleep, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline), {},
                   plat::clock_now() + 100 * millisecond);
    }
    std::uint64_t desk() const { return endpoint | std::uint64_t{reply} << 32; }
    std::uint64_t consumed(abi::CapIndex context) {
        return init.call(context, abi::SchedContextOp::query).words[0];
    }
};

TEST_F(IpcTest, ACallRunsTheServerAtOnceAndTheReplyTheClient) {
    pause_init();
    server.enter(Syscall::receive, desk());
    ASSERT_TRUE(client.running());
    client.enter(Syscall::call, endpoint, abi::make_tag(5), {1, 2, 3, 4, 5, 6});
    ASSERT_TRUE(server.running());
    EXPECT_EQ(server.answer().words, (host::Words{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(server.answer().tag.label(), 5U);
    server.enter(Syscall::reply_and_receive, desk(), abi::make_tag(6), {9});
    ASSERT_TRUE(client.running());
    EXPECT_EQ(client.answer().tag.label(), 6U);
    EXPECT_EQ(client.answer().words[0], 9U);
}

TEST_F(IpcTest, AServerWithoutTimeOfItsOwnRunsOnItsClients) {
    pause_init();
    server.enter(Syscall::receive, desk());
    Machine::advance(100 * millisecond);
    ASSERT_TRUE(init.running());
    init.call(server_parts.context, abi::SchedContextOp::unbind);
    const std::uint64_t before = consumed(client_parts.context);
    pause_init();
    client.enter(Syscall::call, endpoint);
    ASSERT_TRUE(server.running());
    Machine::advance(3 * millisecond);
    server.enter(Syscall::reply_and_receive, desk());
    ASSERT_TRUE(client.running());
    Machine::advance(97 * millisecond);
    EXPECT_EQ(consumed(client_parts.context) - before, 100 * millisecond);
}

TEST_F(IpcTest, ACallerThatGivesUpLeavesNobodyToAnswer) {
    pause_init();
    server.enter(Syscall::receive, desk());
    client.enter(Syscall::call, endpoint, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline), {},
                 plat::clock_now() + 2 * millisecond);
    ASSERT_TRUE(server.running());
    Machine::advance(3 * millisecond);
    EXPECT_EQ(client.answer().error, Error::timed_out);
    ASSERT_TRUE(server.running());
    server.enter(Syscall::reply, reply);
    EXPECT_EQ(server.answer().error, Error::no_caller);
}

TEST_F(IpcTest, TheDeathOfTheServerEndsTheCall) {
    pause_init();
    server.enter(Syscall::receive, desk());
    client.enter(Syscall::call, endpoint);
    Machine::advance(100 * millisecond);
    ASSERT_TRUE(init.running());
    EXPECT_TRUE(init.call(abi::boot_own_table, abi::CapTableOp::remove, {reply}).ok());
    pause_init();
    Machine::advance(millisecond);
    EXPECT_EQ(client.answer().error, Error::dead);
}

}  // namespace
