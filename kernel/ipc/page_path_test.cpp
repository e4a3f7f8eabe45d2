// SPDX-License-Identifier: MIT
// Page faults and pagers: whose time is used, who runs next, what has come. Each of it straight through (page_path.hpp) and the long
// way, which a reserve of the Memory and a deadline of the pager make the kernel go.
#include "kernel/ipc/page_path.hpp"

#include <gtest/gtest.h>

#include "kernel/arch/host/kernel_fixture.hpp"

namespace {

using abi::CapTableOp;
using abi::Error;
using abi::MemoryOp;
using abi::ObjectType;
using abi::SchedContextOp;
using abi::Syscall;
using abi::Tag;
using abi::ThreadOp;
using abi::ThreadState;
using host::long_time;
using host::Machine;
using host::millisecond;
using host::NewThread;
using host::User;
using host::Words;

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t place = 0x5000'0000;
constexpr std::uint64_t pages = 32;
constexpr std::uint64_t badge = 5;

class PagerTest : public host::KernelTest, public testing::WithParamInterface<bool> {
protected:
    abi::CapIndex endpoint = make(ObjectType::endpoint);
    abi::CapIndex reply = make(ObjectType::reply);
    abi::CapIndex paged = make(ObjectType::memory, pages* page, 0, endpoint, badge);
    abi::CapIndex source = make(ObjectType::memory, pages* page);
    NewThread pager_parts = host::start_thread(init, 120, bank);
    NewThread reader_parts = host::start_thread(init, 100, bank);
    User pager{*pager_parts.registers};
    User reader{*reader_parts.registers};

    void SetUp() override {
        EXPECT_TRUE(init.call(source, MemoryOp::commit, {0, pages * page}).ok());
        if (GetParam()) {
            EXPECT_TRUE(init.call(paged, MemoryOp::reserve, {page}).ok());
        }
        map(paged, place, pages);
        pause_init();
        receive(pager);
        ASSERT_TRUE(reader.running());
    }
    void TearDown() override {
        come_back();
        init.call(abi::boot_own_space, abi::AddressSpaceOp::unmap, {place, 2 * pages * page});
        KernelTest::TearDown();
    }
    void map(abi::CapIndex memory, std::uint64_t at, std::uint64_t count, std::uint64_t first = 0) {
        const std::uint64_t access = abi::MapFlags::read | abi::MapFlags::write;
        EXPECT_TRUE(init.call(abi::boot_own_space, abi::AddressSpaceOp::map,
                              {memory, at, count * page, first * page, access})
                        .ok());
    }
    void come_back() {
        Machine::advance(long_time);
        ASSERT_TRUE(init.running());
    }
    std::uint64_t desk() const { return endpoint | std::uint64_t{reply} << 32; }
    Tag flags() const { return Tag{GetParam() ? Tag::has_deadline : 0}; }
    void receive(User& user) {
        user.enter(Syscall::receive, desk(), flags(), {}, plat::clock_now() + 2 * long_time);
    }
    void supply_and_receive(User& user, std::uint64_t first, std::uint64_t count,
                            std::uint64_t from) {
        const Tag tag{abi::make_tag(static_cast<std::uint16_t>(MemoryOp::supply_and_receive)).raw |
                      flags().raw};
        user.enter(Syscall::call, paged, tag,
                   {first * page, count * page, source, from * page, desk()},
                   plat::clock_now() + 2 * long_time);
    }
    static bool is_there(std::uint64_t number, bool write = true, std::uint64_t at = place) {
        return Machine::translate(arch::this_cpu().root, at + number * page, write) != nullptr;
    }
    std::uint64_t consumed(abi::CapIndex context) {
        return init.call(context, SchedContextOp::query).words[0];
    }
    std::uint64_t committed(abi::CapIndex memory) {
        return init.call(memory, MemoryOp::query).words[1] / page;
    }
    void expect_request(const User& user, std::uint64_t number) {
        EXPECT_EQ(user.answer().error, Error::ok);
        EXPECT_EQ(user.answer().tag.raw, abi::make_tag(4, 0, 0, 0, Tag::is_fault).raw);
        EXPECT_EQ(user.answer().badge, badge);
        EXPECT_EQ(user.answer().words, (Words{number * page, (pages - number) * page}));
    }
};
INSTANTIATE_TEST_SUITE_P(BothWays, PagerTest, testing::Bool());

TEST_P(PagerTest, AFaultRunsThePagerAndThePageTheThreadWithItsTime) {
    come_back();
    const std::uint64_t own = consumed(pager_parts.context);
    const std::uint64_t before = consumed(reader_parts.context);
    const std::uint64_t charged = init.call(bank, abi::BankOp::query).words[1];
    pause_init();
    EXPECT_EQ(reader.touch(place + 3 * page, true), nullptr);
    ASSERT_TRUE(pager.running());
    expect_request(pager, 3);
    Machine::advance(7 * millisecond);
    supply_and_receive(pager, 3, 1, 9);
    ASSERT_TRUE(reader.running());
    EXPECT_TRUE(is_there(3));
    EXPECT_FALSE(is_there(2, false) || is_there(4, false));
    // And again: everything is as it was.
    EXPECT_EQ(reader.touch(place, false), nullptr);
    ASSERT_TRUE(pager.running());
    expect_request(pager, 0);
    supply_and_receive(pager, 0, 1, 0);
    ASSERT_TRUE(reader.running());
    Machine::advance(3 * millisecond);
    come_back();
    EXPECT_EQ(consumed(pager_parts.context), own);
    EXPECT_GE(consumed(reader_parts.context) - before, 10 * millisecond);
    EXPECT_EQ(committed(paged), 2U);
    EXPECT_EQ(committed(source), pages - 2);
    // One page of the map's nodes is new; with the reserve, one of the two pages was paid for before.
    EXPECT_EQ(init.call(bank, abi::BankOp::query).words[1] + (GetParam() ? page : 0),
              charged + page);
    EXPECT_EQ(state_of(pager_parts.thread), ThreadState::blocked);
}

TEST_P(PagerTest, TheNeighboursThatTheRegionShowsCostNoFault) {
    come_back();
    map(paged, place + pages * page, 4, 4);
    pause_init();
    EXPECT_EQ(reader.touch(place + (pages + 1) * page, true), nullptr);
    expect_request(pager, 5);
    supply_and_receive(pager, 2, 16, 0);
    ASSERT_TRUE(reader.running());
    for (std::uint64_t i = 0; i < 4; ++i) {
        EXPECT_TRUE(is_there(pages + i)) << i;
    }
    EXPECT_FALSE(is_there(pages + 4, false) || is_there(pages - 1, false) || is_there(5, false));
    EXPECT_EQ(reader.touch(place + 20 * page, false), nullptr);
    expect_request(pager, 20);
    supply_and_receive(pager, 20, 12, 20);
    ASSERT_TRUE(reader.running());
    for (std::uint64_t i = 20; i < pages; ++i) {
        EXPECT_TRUE(is_there(i)) << i;
    }
    EXPECT_FALSE(is_there(19, false));
}

// A clone sees the page that has come when it touches it again, but may not write to it.
TEST_P(PagerTest, ACloneIsServed) {
    come_back();
    const abi::CapIndex copy = init.call(paged, MemoryOp::clone, {bank, 2 * page, 8 * page}).cap();
    map(copy, place + pages * page, 8);
    pause_init();
    EXPECT_EQ(reader.touch(place + (pages + 1) * page, false), nullptr);
    expect_request(pager, 3);
    supply_and_receive(pager, 3, GetParam() ? 2 : 1, 0);
    ASSERT_TRUE(reader.running());
    EXPECT_NE(reader.touch(place + (pages + 1) * page, false), nullptr);
    EXPECT_FALSE(is_there(pages + 2, false));
    EXPECT_FALSE(is_there(pages + 1, true));
    EXPECT_NE(reader.touch(place + (pages + 1) * page, true), nullptr);
}

TEST_P(PagerTest, AllWhoWaitForAPageGoOn) {
    come_back();
    const NewThread second_parts = host::start_thread(init, 90, bank);
    const NewThread third_parts = host::start_thread(init, 90, bank);
    User second{*second_parts.registers};
    User third{*third_parts.registers};
    pause_init();
    EXPECT_EQ(reader.touch(place + page, true), nullptr);
    expect_request(pager, 1);
    receive(pager);  // without an answer: from now on it runs on its own time
    ASSERT_TRUE(second.running());
    EXPECT_EQ(second.touch(place + page, false), nullptr);
    expect_request(pager, 1);
    Machine::advance(millisecond);
    ASSERT_TRUE(pager.running());
    // The third's request is not received yet.
    pager.enter(Syscall::wait, sleep, abi::make_tag(0, 0, 0, 0, Tag::has_deadline), {},
                plat::clock_now() + 5 * millisecond);
    ASSERT_TRUE(third.running());
    EXPECT_EQ(third.touch(place + page, false), nullptr);
    Machine::advance(10 * millisecond);
    ASSERT_TRUE(pager.running());
    supply_and_receive(pager, 1, 1, 1);
    ASSERT_TRUE(reader.running());
    reader.enter(Syscall::wait, sleep);
    ASSERT_TRUE(second.running());
    EXPECT_TRUE(is_there(1));
    second.enter(Syscall::wait, sleep);
    ASSERT_TRUE(third.running());
    come_back();
    EXPECT_EQ(state_of(pager_parts.thread), ThreadState::blocked);
}

TEST_P(PagerTest, WhatIsThereToReceiveComesAtOnce) {
    come_back();
    const NewThread second_parts = host::start_thread(init, 110, bank);
    User second{*second_parts.registers};
    const abi::CapIndex bound = make(ObjectType::notification);
    init.call(pager_parts.thread, ThreadOp::bind_notification, {bound});
    pause_init();
    ASSERT_TRUE(second.running());
    second.enter(Syscall::wait, sleep, abi::make_tag(0, 0, 0, 0, Tag::has_deadline), {},
                 plat::clock_now() + millisecond);
    EXPECT_EQ(reader.touch(place + page, true), nullptr);
    // (The pager runs on the reader's time: the second is more important.)
    Machine::advance(2 * millisecond);
    ASSERT_TRUE(second.running());
    second.enter(Syscall::signal, bound, {}, {6});
    EXPECT_EQ(second.touch(place + 2 * page, true), nullptr);
    ASSERT_TRUE(pager.running());
    supply_and_receive(pager, 1, 1, 1);
    while (!pager.running()) {
        ASSERT_TRUE(reader.running());
        reader.enter(Syscall::wait, sleep);
    }
    EXPECT_EQ(pager.answer().tag.raw, abi::make_tag(0, 0, 0, 0, Tag::is_signal).raw);
    EXPECT_EQ(pager.answer().words[0], 6U);
    supply_and_receive(pager, 1, 1, 3);  // it is there already: this one stays where it is
    expect_request(pager, 2);
    supply_and_receive(pager, 2, 1, 2);
    ASSERT_TRUE(second.running());
    come_back();
    EXPECT_EQ(committed(source), pages - 2);
}

TEST_P(PagerTest, WhatIsWrongWithTheReceiveComesBeforeTheSupply) {
    EXPECT_EQ(reader.touch(place + page, true), nullptr);
    ASSERT_TRUE(pager.running());
    const auto gives = [&](Error wanted, Words words) {
        const std::uint64_t label = static_cast<std::uint16_t>(MemoryOp::supply_and_receive);
        pager.enter(Syscall::call, paged, Tag{label | flags().raw}, words,
                    plat::clock_now() + long_time);
        EXPECT_EQ(pager.answer().error, wanted);
        ASSERT_TRUE(pager.running());
        EXPECT_FALSE(is_there(words[0] / page, false));
    };
    constexpr std::uint64_t stale = 900;
    constexpr std::uint64_t cap_bits = 32;
    gives(Error::invalid_capability, {page, page, source, 0, stale});
    gives(Error::wrong_type, {page, page, source, 0, source});
    gives(Error::invalid_capability, {page, page, source, 0, endpoint | stale << cap_bits});
    gives(Error::wrong_type, {page, page, source, 0, endpoint | std::uint64_t{source} << cap_bits});
    gives(Error::wrong_type, {page, page, endpoint, 0, desk()});
    gives(Error::out_of_range, {page, page, source, pages * page, desk()});
    gives(Error::out_of_range, {pages * page, page, source, 0, desk()});
    gives(Error::not_aligned, {page, page, source, 1, desk()});
    gives(Error::invalid_argument, {page, page, paged, 0, desk()});
    supply_and_receive(pager, 1, 1, 1);
    ASSERT_TRUE(reader.running());
    EXPECT_TRUE(is_there(1));
    EXPECT_EQ(reader.touch(place + 2 * page, true), nullptr);
    // The page that has moved is no longer there to give.
    gives(Error::busy, {2 * page, page, source, page, desk()});
    supply_and_receive(pager, 2, 1, 2);
    ASSERT_TRUE(reader.running());
    // Nobody receives with a reply object that is in use.
    come_back();
    const std::uint64_t label = static_cast<std::uint16_t>(MemoryOp::supply_and_receive);
    init.enter(Syscall::call, paged, Tag{label}, {5 * page, page, source, 5 * page, desk()});
    EXPECT_EQ(init.answer().error, Error::busy);
    EXPECT_EQ(committed(paged), 2U);
}

TEST_P(PagerTest, RightsAreNeeded) {
    come_back();
    const auto weaker = [&](abi::CapIndex cap, std::uint64_t rights) {
        return init.call(abi::boot_own_table, CapTableOp::copy, {cap, rights}).cap();
    };
    const auto tag = abi::make_tag(static_cast<std::uint16_t>(MemoryOp::supply_and_receive));
    const auto tell = [&](std::uint64_t memory, Words words) {
        init.enter(Syscall::call, memory, tag, words);
        return init.answer().error;
    };
    const abi::CapIndex no_manage = weaker(paged, abi::MemoryRights::read);
    const abi::CapIndex no_source = weaker(source, abi::MemoryRights::read);
    const abi::CapIndex no_receive = weaker(endpoint, abi::EndpointRights::call);
    EXPECT_EQ(tell(no_manage, {0, page, source, 0, endpoint}), Error::missing_right);
    EXPECT_EQ(tell(paged, {0, page, no_source, 0, endpoint}), Error::missing_right);
    EXPECT_EQ(tell(paged, {0, page, source, 0, no_receive}), Error::missing_right);
    EXPECT_EQ(tell(source, {0, page, paged, 0, endpoint}), Error::invalid_argument);
    EXPECT_EQ(committed(paged), 0U);
    for (const abi::CapIndex cap : {no_manage, no_source, no_receive}) {
        init.call(abi::boot_own_table, CapTableOp::remove, {cap});
    }
}

TEST_P(PagerTest, ADeadlineEndsTheReceiveNotTheSupply) {
    EXPECT_EQ(reader.touch(place + page, true), nullptr);
    const auto label = static_cast<std::uint16_t>(MemoryOp::supply_and_receive);
    pager.enter(Syscall::call, paged, abi::make_tag(label, 0, 0, 0, Tag::has_deadline),
                {page, page, source, page, desk()}, plat::clock_now() + 5 * millisecond);
    ASSERT_TRUE(reader.running());
    EXPECT_TRUE(is_there(1));
    Machine::advance(6 * millisecond);
    ASSERT_TRUE(pager.running());
    EXPECT_EQ(pager.answer().error, Error::timed_out);
}

TEST_P(PagerTest, APagerWithoutTimeOfItsOwnServesAndAsksOthersOnItsClients) {
    come_back();
    init.call(pager_parts.context, SchedContextOp::unbind);
    const abi::CapIndex disk = make(ObjectType::endpoint);
    const abi::CapIndex disk_reply = make(ObjectType::reply);
    const std::uint64_t disk_desk = disk | std::uint64_t{disk_reply} << 32;
    const NewThread driver_parts = host::start_thread(init, 130, bank);
    User driver{*driver_parts.registers};
    pause_init();
    driver.enter(Syscall::receive, disk_desk);
    ASSERT_TRUE(reader.running());
    EXPECT_EQ(reader.touch(place, true), nullptr);
    ASSERT_TRUE(pager.running());
    pager.enter(Syscall::call, disk);
    ASSERT_TRUE(driver.running());
    Machine::advance(4 * millisecond);
    driver.enter(Syscall::reply_and_receive, disk_desk);
    ASSERT_TRUE(pager.running());
    supply_and_receive(pager, 0, 1, 0);
    ASSERT_TRUE(reader.running());
    EXPECT_TRUE(is_there(0));
    come_back();
    EXPECT_GE(consumed(reader_parts.context), 4 * millisecond);
}

TEST_P(PagerTest, WhoDiesWhileItWaitsTakesItsTimeAlong) {
    EXPECT_EQ(reader.touch(place, true), nullptr);
    ASSERT_TRUE(pager.running());
    EXPECT_TRUE(pager.call(abi::boot_own_table, CapTableOp::remove, {reader_parts.context}).ok());
    EXPECT_TRUE(pager.call(abi::boot_own_table, CapTableOp::remove, {reader_parts.thread}).ok());
    ASSERT_TRUE(pager.running());
    supply_and_receive(pager, 0, 1, 0);
    come_back();
    EXPECT_EQ(committed(paged), 1U);
    EXPECT_EQ(state_of(pager_parts.thread), ThreadState::blocked);
}

TEST_P(PagerTest, ThePageStillComesWhenThePagerHasDied) {
    EXPECT_EQ(reader.touch(place, true), nullptr);
    ASSERT_TRUE(pager.running());
    come_back();
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {pager_parts.thread}).ok());
    EXPECT_EQ(state_of(reader_parts.thread), ThreadState::blocked);
    EXPECT_TRUE(init.call(paged, MemoryOp::supply, {0, page, source, 0}).ok());
    EXPECT_EQ(state_of(reader_parts.thread), ThreadState::ready);
    pause_init();
    ASSERT_TRUE(reader.running());
    EXPECT_TRUE(is_there(0));
    // Without an endpoint to ask there are no more pages.
    EXPECT_TRUE(reader.call(abi::boot_own_table, CapTableOp::remove, {endpoint}).ok());
    EXPECT_EQ(reader.touch(place + page, true), nullptr);
    EXPECT_FALSE(reader.running());
}

}  // namespace
