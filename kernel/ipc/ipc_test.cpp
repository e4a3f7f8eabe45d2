// SPDX-License-Identifier: MIT
// What of messages only shows from outside of both partners: whose time is used, and who runs next.
#include "kernel/ipc/ipc.hpp"

#include <cstring>

#include <gtest/gtest.h>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/object/cap_table.hpp"

namespace {

using abi::Error;
using abi::ObjectType;
using abi::Syscall;
using host::long_time;
using host::Machine;
using host::millisecond;
using host::NewThread;
using host::User;

class IpcTest : public host::KernelTest {
protected:
    abi::CapIndex endpoint = make(ObjectType::endpoint);
    abi::CapIndex reply = make(ObjectType::reply);
    abi::CapIndex other_endpoint = make(ObjectType::endpoint);
    abi::CapIndex other_reply = make(ObjectType::reply);
    abi::CapIndex out_of_the_way = make(ObjectType::notification);
    // The server starts first and waits; it has a context of its own only until then.
    NewThread server_parts = host::start_thread(init, 120, bank);
    NewThread client_parts = host::start_thread(init, 100, bank);
    User server{*server_parts.registers};
    User client{*client_parts.registers};

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

TEST_F(IpcTest, CallsAndSendsAreCountedInTheSendersBank) {
    const auto counted = [&] { return init.call(bank, abi::BankOp::activity).words[1]; };
    const std::uint64_t before = counted();
    pause_init();
    server.enter(Syscall::receive, desk());
    client.enter(Syscall::call, endpoint, abi::make_tag(5));  // by the fast path
    server.enter(Syscall::reply_and_receive, desk());         // an answer is none
    client.enter(Syscall::call, endpoint, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline), {},
                 plat::clock_now() + 50 * millisecond);  // all of this one by the long one
    server.enter(Syscall::reply_and_receive, desk());
    client.enter(Syscall::send, endpoint);
    Machine::advance(100 * millisecond);
    ASSERT_TRUE(init.running());
    EXPECT_EQ(counted() - before, 3U);
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

// What a thread waited for before does not matter: a call is never given to somebody who cannot answer it.
TEST_F(IpcTest, ACallAfterAPageFaultStillNeedsAReply) {
    const abi::CapIndex pager = make(ObjectType::endpoint);
    const abi::CapIndex paged = make(ObjectType::memory, abi::page_size, 0, pager);
    const abi::CapIndex fresh = make(ObjectType::memory, abi::page_size);
    constexpr std::uint64_t address = 0x5000'0000;
    ASSERT_TRUE(init.call(abi::boot_own_space, abi::AddressSpaceOp::map,
                          {paged, address, abi::page_size, 0, abi::MapFlags::read})
                    .ok());
    pause_init();
    server.enter(Syscall::wait, out_of_the_way);
    EXPECT_EQ(client.touch(address, false), nullptr);
    Machine::advance(long_time);
    init.enter(Syscall::receive, pager);
    ASSERT_TRUE(init.answer().tag.has(abi::Tag::is_fault));
    init.call(fresh, abi::MemoryOp::commit, {0, abi::page_size});
    ASSERT_TRUE(init.call(paged, abi::MemoryOp::supply, {0, abi::page_size, fresh, 0}).ok());
    pause_init();
    ASSERT_TRUE(client.running());
    client.enter(Syscall::call, endpoint);
    Machine::advance(long_time);
    ASSERT_TRUE(init.running());
    init.enter(Syscall::receive, endpoint, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline));
    Machine::advance(0);
    EXPECT_EQ(init.answer().error, Error::timed_out);
    init.call(abi::boot_own_space, abi::AddressSpaceOp::unmap, {address, abi::page_size});
}

TEST_F(IpcTest, AClientWithoutTimeLeavesTheServerItsOwn) {
    pause_init();
    server.enter(Syscall::receive, desk());
    client.enter(Syscall::call, endpoint);
    ASSERT_TRUE(server.running());
    Machine::advance(long_time);
    ASSERT_TRUE(init.running());
    EXPECT_TRUE(init.call(client_parts.context, abi::SchedContextOp::unbind).ok());
    pause_init();
    ASSERT_TRUE(server.running());
    server.enter(Syscall::reply_and_receive, desk());
    EXPECT_FALSE(client.running());
    Machine::advance(long_time);
    // The same if it loses it before the server has its message.
    server_parts = host::start_thread(init, 110, bank);
    EXPECT_TRUE(
        init.call(client_parts.context, abi::SchedContextOp::bind, {client_parts.thread}).ok());
    pause_init();
    User second_server{*server_parts.registers};
    second_server.enter(Syscall::wait, out_of_the_way);
    client.enter(Syscall::call, other_endpoint);
    Machine::advance(long_time);
    EXPECT_TRUE(init.call(client_parts.context, abi::SchedContextOp::unbind).ok());
    init.enter(Syscall::signal, out_of_the_way, {}, {1});
    pause_init();
    ASSERT_TRUE(second_server.running());
    second_server.enter(Syscall::receive, other_endpoint | std::uint64_t{other_reply} << 32);
    EXPECT_TRUE(second_server.running());
    EXPECT_TRUE(second_server.answer().ok());
}

class FullTableTest : public IpcTest {
protected:
    // The server has a table of its own, with room for nothing more than its endpoint and its reply object.
    abi::CapIndex table = make(ObjectType::cap_table, 3);
    abi::CapIndex pages = make(ObjectType::memory, 2 * abi::page_size);
    abi::CapIndex thread = make(ObjectType::thread, abi::boot_own_space, table, pages);
    abi::CapIndex gift = make(ObjectType::notification);
    abi::CapIndex watched = make(ObjectType::notification);
    User full{*static_cast<kernel::Thread*>(
        static_cast<kernel::Thread&>(init.context()).table().find(thread)->object)};
    static constexpr std::uint64_t full_desk = 1 | std::uint64_t{2} << 32;

    void SetUp() override {
        init.call(table, abi::CapTableOp::copy, {endpoint, abi::all_rights, 1});
        init.call(table, abi::CapTableOp::copy, {reply, abi::all_rights, 2});
        const abi::CapIndex context = make(ObjectType::sched_context, abi::boot_sched_context, 110);
        init.call(context, abi::SchedContextOp::bind, {thread});
        init.call(thread, abi::ThreadOp::start, {0x400000});
        gift = init.call(abi::boot_own_table, abi::CapTableOp::mint,
                         {watched, abi::all_rights, 0, 4, abi::MintFlags::drop_guard})
                   .cap();
    }
    bool has(abi::CapIndex index) {
        return init.call(abi::boot_own_table, abi::CapTableOp::query, {index}).ok();
    }
};

TEST_F(FullTableTest, OperationsSayIt) {
    for (const auto op : {abi::CapTableOp::copy, abi::CapTableOp::mint, abi::CapTableOp::move}) {
        EXPECT_EQ(init.call(table, op, {watched, abi::all_rights, 0, 1}).error, Error::table_full);
    }
    EXPECT_TRUE(has(watched));
    pause_init();
    server.enter(Syscall::wait, sleep);
    ASSERT_TRUE(full.running());
}

TEST_F(FullTableTest, ACopiedCapabilityArrivesAsNone) {
    pause_init();
    server.enter(Syscall::wait, out_of_the_way);
    full.enter(Syscall::receive, full_desk);
    client.control().capabilities[0] = gift;
    client.enter(Syscall::call, endpoint, abi::make_tag(0, 0, 1));
    ASSERT_TRUE(full.running());
    EXPECT_EQ(full.answer().tag.capabilities(), 1U);
    EXPECT_EQ(full.control().capabilities[0], abi::no_capability);
    full.control().capabilities[0] = 1;
    full.enter(Syscall::reply_and_receive, full_desk, abi::make_tag(0, 0, 1));
    ASSERT_TRUE(client.running());
    EXPECT_TRUE(client.answer().ok());
    EXPECT_NE(client.control().capabilities[0], abi::no_capability);
    Machine::advance(long_time);
    EXPECT_TRUE(has(gift));
}

// What was given away is gone, although nobody got it; whoever watches is told.
TEST_F(FullTableTest, AMovedCapabilityIsDropped) {
    pause_init();
    server.enter(Syscall::wait, out_of_the_way);
    full.enter(Syscall::receive, full_desk);
    client.control().capabilities[0] = gift;
    client.control().capabilities[1] = gift;
    client.enter(Syscall::call, endpoint, abi::make_tag(0, 0, 2, 0, abi::Tag::moves));
    ASSERT_TRUE(full.running());
    EXPECT_EQ(full.control().capabilities[0], abi::no_capability);
    Machine::advance(long_time);
    EXPECT_FALSE(has(gift));
    EXPECT_EQ(init.call(watched, abi::NotificationOp::peek).words[0], 4U);
}

TEST_F(FullTableTest, ADropMayComeToTheReceiverItself) {
    gift = init.call(abi::boot_own_table, abi::CapTableOp::mint,
                     {endpoint, abi::all_rights, 0, 9, abi::MintFlags::drop_guard})
               .cap();
    pause_init();
    server.enter(Syscall::wait, out_of_the_way);
    full.enter(Syscall::receive, full_desk);
    client.control().capabilities[0] = gift;
    client.enter(Syscall::send, endpoint, abi::make_tag(7, 0, 1, 0, abi::Tag::moves));
    ASSERT_TRUE(full.running());
    EXPECT_EQ(full.answer().tag.label(), 7U);
    full.enter(Syscall::receive, full_desk);
    ASSERT_TRUE(full.running());
    EXPECT_TRUE(full.answer().tag.has(abi::Tag::is_drop));
    EXPECT_EQ(full.answer().badge, 9U);
}

// Else a server would give the badge to somebody else, and then hear of it from who had it before.
TEST_F(IpcTest, WhoCalledIsHeardBeforeTheEndOfHisCapability) {
    const abi::CapIndex away = make(abi::ObjectType::notification);
    const abi::CapIndex badged =
        init.call(abi::boot_own_table, abi::CapTableOp::mint,
                  {endpoint, abi::all_rights, 0, 9, abi::MintFlags::drop_guard})
            .cap();
    const abi::CapIndex other =
        init.call(abi::boot_own_table, abi::CapTableOp::mint,
                  {endpoint, abi::all_rights, 0, 8, abi::MintFlags::drop_guard})
            .cap();
    EXPECT_TRUE(init.call(abi::boot_own_table, abi::CapTableOp::remove, {other}).ok());
    pause_init();
    server.enter(Syscall::wait, away);
    client.enter(Syscall::call, badged, abi::make_tag(5));
    Machine::advance(long_time);
    ASSERT_TRUE(init.running());
    EXPECT_TRUE(init.call(abi::boot_own_table, abi::CapTableOp::remove, {badged}).ok());
    init.enter(Syscall::receive, desk());
    EXPECT_TRUE(init.answer().tag.has(abi::Tag::is_drop));
    EXPECT_EQ(init.answer().badge, 8U);
    init.enter(Syscall::receive, desk());
    EXPECT_EQ(init.answer().tag.label(), 5U);
    EXPECT_EQ(init.answer().badge, 9U);
    init.enter(Syscall::reply_and_receive, desk());
    EXPECT_TRUE(init.answer().tag.has(abi::Tag::is_drop));
    EXPECT_EQ(init.answer().badge, 9U);
}

TEST_F(IpcTest, AnyIndexOfTheTableWillDo) {
    // Slots 0 to 63 are found in another way than the rest; 64 more than a slot is not that slot.
    constexpr std::uint64_t far_slot = 200;
    ASSERT_TRUE(
        init.call(abi::boot_own_table, abi::CapTableOp::copy, {endpoint, abi::all_rights, far_slot})
            .ok());
    pause_init();
    server.enter(Syscall::receive, desk());
    client.enter(Syscall::call, endpoint + 64);
    ASSERT_TRUE(client.running());
    EXPECT_EQ(client.answer().error, Error::invalid_capability);
    client.enter(Syscall::call, far_slot, abi::make_tag(5), {1, 2, 3, 4, 5, 6});
    ASSERT_TRUE(server.running());
    EXPECT_EQ(server.answer().words, (host::Words{1, 2, 3, 4, 5, 6}));
    server.enter(Syscall::reply_and_receive, desk());
    ASSERT_TRUE(client.running());
    EXPECT_EQ(client.answer().badge, 0U);
    Machine::advance(long_time);
    ASSERT_TRUE(init.running());
    EXPECT_TRUE(init.call(abi::boot_own_table, abi::CapTableOp::remove, {far_slot}).ok());
}

TEST_F(IpcTest, TheNullOperationLeavesNoWordsAndNeedsACapability) {
    init.enter(Syscall::call, bank, {}, {1, 2, 3, 4, 5, 6});
    EXPECT_TRUE(init.answer().ok());
    EXPECT_EQ(init.answer().words, host::Words{});
    init.enter(Syscall::call, 63, {}, {1});
    EXPECT_EQ(init.answer().error, Error::invalid_capability);
}

TEST_F(IpcTest, APayloadIsCopiedToTheByte) {
    const auto at = [](User& user, std::size_t i) { return user.message_page()[i]; };
    pause_init();
    server.enter(Syscall::receive, desk());
    std::memset(client.message_page(), 1, abi::message_bytes);
    std::memset(server.message_page(), 2, abi::message_bytes);
    client.enter(Syscall::call, endpoint, abi::make_tag(5, 13), {1, 2, 3, 4, 5, 6});
    ASSERT_TRUE(server.running());
    EXPECT_EQ(server.answer().tag.raw, abi::make_tag(5, 13).raw);
    EXPECT_EQ(server.answer().words, (host::Words{1, 2, 3, 4, 5, 6}));
    EXPECT_TRUE(at(server, 0) == std::byte{1} && at(server, 12) == std::byte{1});
    EXPECT_EQ(at(server, 13), std::byte{2});
    std::memset(server.message_page(), 3, abi::message_bytes);
    server.enter(Syscall::reply_and_receive, desk(), abi::make_tag(6, 4096), {9});
    ASSERT_TRUE(client.running());
    EXPECT_EQ(client.answer().tag.raw, abi::make_tag(6, 4096).raw);
    EXPECT_TRUE(at(client, 0) == std::byte{3} && at(client, 4095) == std::byte{3});
    client.enter(Syscall::call, endpoint, abi::make_tag(5, 4097));
    EXPECT_EQ(client.answer().error, Error::too_long);
    client.enter(Syscall::call, endpoint, abi::make_tag(5, 1));
    ASSERT_TRUE(server.running());
    server.enter(Syscall::reply_and_receive, desk(), abi::make_tag(0, 4097));
    EXPECT_EQ(server.answer().error, Error::too_long);
}

// Whether or not the message goes the short way.
TEST_F(IpcTest, TheReceiverIsToldOfTheOnlyCopy) {
    constexpr std::uint64_t only_copy = abi::Tag::only_copy;
    const abi::Tag asks = abi::make_tag(5, 0, 0, 0, only_copy);
    const abi::CapIndex guarded =
        init.call(abi::boot_own_table, abi::CapTableOp::mint,
                  {endpoint, abi::all_rights, 0, 9, abi::MintFlags::drop_guard})
            .cap();
    const auto told = [&](std::uint64_t cap, abi::Tag tag) {
        pause_init();
        server.enter(Syscall::receive, desk());
        client.enter(Syscall::call, cap, tag, {}, plat::clock_now() + long_time);
        EXPECT_TRUE(server.running());
        const bool is_told = server.answer().tag.has(only_copy);
        server.enter(Syscall::reply, reply, asks);
        Machine::advance(long_time);
        EXPECT_FALSE(client.answer().tag.has(only_copy));
        return is_told;
    };
    const abi::Tag slowly{asks.raw | abi::Tag::has_deadline};
    EXPECT_FALSE(told(guarded, abi::make_tag(5)));
    EXPECT_TRUE(told(guarded, asks));
    EXPECT_TRUE(told(guarded, slowly));
    EXPECT_FALSE(told(endpoint, asks));  // has no guard
    EXPECT_FALSE(told(endpoint, slowly));
    const abi::CapIndex copy =
        init.call(abi::boot_own_table, abi::CapTableOp::copy, {guarded, abi::all_rights, 0}).cap();
    EXPECT_FALSE(told(guarded, asks));
    EXPECT_FALSE(told(guarded, slowly));
    EXPECT_TRUE(init.call(abi::boot_own_table, abi::CapTableOp::remove, {copy}).ok());
    // One that has to wait could be copied meanwhile; and a message without an answer is no call.
    pause_init();
    server.enter(Syscall::wait, out_of_the_way);
    client.enter(Syscall::call, guarded, asks);
    Machine::advance(long_time);
    init.enter(Syscall::receive, desk());
    EXPECT_FALSE(init.answer().tag.has(only_copy));
    init.enter(Syscall::reply, reply);
    pause_init();
    client.enter(Syscall::send, guarded, asks);
    Machine::advance(long_time);
    init.enter(Syscall::receive, desk());
    EXPECT_EQ(init.answer().tag.label(), 5U);
    EXPECT_FALSE(init.answer().tag.has(only_copy));
}

TEST_F(IpcTest, AStoppedServerIsNotSwitchedTo) {
    pause_init();
    server.enter(Syscall::receive, desk());
    Machine::advance(long_time);
    ASSERT_TRUE(init.running());
    EXPECT_TRUE(init.call(server_parts.thread, abi::ThreadOp::stop).ok());
    pause_init();
    client.enter(Syscall::call, endpoint, abi::make_tag(5));
    EXPECT_FALSE(server.running());
    Machine::advance(long_time);
    EXPECT_TRUE(init.call(server_parts.thread, abi::ThreadOp::resume).ok());
    pause_init();
    ASSERT_TRUE(server.running());
    EXPECT_EQ(server.answer().tag.label(), 5U);
}

}  // namespace
