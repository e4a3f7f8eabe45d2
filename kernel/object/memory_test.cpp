// SPDX-License-Identifier: MIT
// Memory and those who wait for its pages.
#include "kernel/object/memory.hpp"

#include <cstring>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/sched/scheduler.hpp"

namespace {

using abi::Error;
using abi::MemoryOp;
using abi::ObjectType;
using abi::Syscall;
using host::long_time;
using host::Machine;
using host::NewThread;
using host::User;

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t address = 0x5000'0000;

class PagedMemoryTest : public host::KernelTest {
protected:
    abi::CapIndex memory_bank = make(ObjectType::bank, std::uint64_t{1} << 20);
    abi::CapIndex pager = make(ObjectType::endpoint);
    abi::CapIndex paged = init.create(ObjectType::memory, 8 * page, 0, pager, 5, 0, memory_bank);
    abi::CapIndex fresh = make(ObjectType::memory, 8 * page);
    NewThread made = host::start_thread(init, 100, bank);
    User other{*made.registers};

    void SetUp() override {
        ASSERT_TRUE(init.call(abi::boot_own_space, abi::AddressSpaceOp::map,
                              {paged, address, 8 * page, 0, abi::MapFlags::read})
                        .ok());
        ASSERT_TRUE(init.call(fresh, MemoryOp::commit, {0, 8 * page}).ok());
    }
    void TearDown() override {
        KernelTest::TearDown();
        init.call(abi::boot_own_space, abi::AddressSpaceOp::unmap, {address, 8 * page});
    }
    // The other thread waits for this page; its request is in the pager's queue.
    void touch(std::uint64_t index) {
        pause_init();
        ASSERT_TRUE(other.running());
        EXPECT_EQ(other.touch(address + index * page, false), nullptr);
        Machine::advance(long_time);
        ASSERT_EQ(state_of(made.thread), abi::ThreadState::blocked);
    }
    bool request_pending() {
        init.enter(Syscall::receive, pager, abi::make_tag(0, 0, 0, 0, abi::Tag::has_deadline));
        if (!init.running()) {
            Machine::advance(0);
        }
        return init.answer().ok();
    }
};

TEST_F(PagedMemoryTest, SupplyWakesWhoWaits) {
    touch(3);
    EXPECT_TRUE(request_pending());
    EXPECT_EQ(init.answer().badge, 5U);
    EXPECT_EQ(init.answer().words[0], 3 * page);
    EXPECT_TRUE(init.call(paged, MemoryOp::supply, {3 * page, page, fresh, 0}).ok());
    EXPECT_EQ(state_of(made.thread), abi::ThreadState::ready);
}

TEST_F(PagedMemoryTest, ItsDeathEndsARequestThatNobodyHasRead) {
    touch(3);
    EXPECT_TRUE(init.call(memory_bank, abi::BankOp::destroy).ok());
    EXPECT_EQ(state_of(made.thread), abi::ThreadState::faulted);
    EXPECT_FALSE(request_pending());
}

TEST_F(PagedMemoryTest, ItsDeathEndsTheWait) {
    touch(3);
    EXPECT_TRUE(request_pending());
    EXPECT_TRUE(init.call(memory_bank, abi::BankOp::destroy).ok());
    EXPECT_EQ(state_of(made.thread), abi::ThreadState::faulted);
}

TEST_F(PagedMemoryTest, WhoeverWaitsBeyondTheNewEndFaults) {
    touch(3);
    EXPECT_TRUE(request_pending());
    EXPECT_TRUE(init.call(paged, MemoryOp::resize, {2 * page}).ok());
    EXPECT_EQ(state_of(made.thread), abi::ThreadState::faulted);
}

TEST_F(PagedMemoryTest, TheSameBeforeThePagerKnows) {
    touch(3);
    EXPECT_TRUE(init.call(paged, MemoryOp::resize, {2 * page}).ok());
    EXPECT_EQ(state_of(made.thread), abi::ThreadState::faulted);
    EXPECT_FALSE(request_pending());
}

TEST_F(PagedMemoryTest, ThePagersDeathIsAFault) {
    touch(3);
    EXPECT_TRUE(init.call(abi::boot_own_table, abi::CapTableOp::remove, {pager}).ok());
    EXPECT_EQ(state_of(made.thread), abi::ThreadState::faulted);
    EXPECT_EQ(init.call(paged, MemoryOp::read, {0, 8}).error, Error::dead);
    EXPECT_EQ(init.call(paged, MemoryOp::commit, {0, page}).error, Error::dead);
}

// The limit leaves room for some of the pages: none may go.
TEST_F(PagedMemoryTest, SupplyMovesAllOrNothing) {
    const std::uint64_t charged = init.call(memory_bank, abi::BankOp::query).words[1];
    init.call(memory_bank, abi::BankOp::set_limit, {charged + 4 * page});
    const auto supply = [&] { return init.call(paged, MemoryOp::supply, {0, 8 * page, fresh, 0}); };
    EXPECT_EQ(supply().error, Error::no_memory);
    EXPECT_EQ(init.call(fresh, MemoryOp::query).words[1], 8 * page);
    EXPECT_EQ(init.call(paged, MemoryOp::query).words[1], 0U);
    init.call(memory_bank, abi::BankOp::set_limit, {charged + 20 * page});
    EXPECT_TRUE(supply().ok());
    EXPECT_EQ(init.call(paged, MemoryOp::query).words[1], 8 * page);
}

class MemoryTest : public host::KernelTest {};

TEST_F(MemoryTest, PinningIsAllOrNothing) {
    const abi::CapIndex memory = make(ObjectType::memory, 4 * page);
    const abi::CapIndex thread =
        make(ObjectType::thread, abi::boot_own_space, abi::boot_own_table, memory, 2 * page);
    ASSERT_NE(thread, 0U);
    const std::uint64_t charged = init.call(bank, abi::BankOp::query).words[1];
    init.call(bank, abi::BankOp::set_limit, {charged + page});
    EXPECT_EQ(init.call(memory, MemoryOp::pin, {0, 2 * page, abi::boot_physical_memory}).error,
              Error::no_memory);
    EXPECT_TRUE(init.call(memory, MemoryOp::decommit, {0, 2 * page}).ok());
    init.call(bank, abi::BankOp::set_limit, {charged + 100 * page});
    EXPECT_TRUE(init.call(memory, MemoryOp::pin, {0, 4 * page, abi::boot_physical_memory}).ok());
    // A device uses the pages: they stay where they are when the thread goes.
    EXPECT_TRUE(init.call(abi::boot_own_table, abi::CapTableOp::remove, {thread}).ok());
    EXPECT_EQ(init.call(memory, MemoryOp::decommit, {2 * page, 2 * page}).error, Error::busy);
}

// The clone of a space has a copy of such a page from the beginning, and must not be shown the frame that goes with the original.
TEST_F(MemoryTest, ACloneOfTheSpaceHasNoEntriesOfPinnedPages) {
    const abi::CapIndex memory = make(ObjectType::memory, 2 * page);
    ASSERT_TRUE(
        init.call(abi::boot_own_space, abi::AddressSpaceOp::map,
                  {memory, address, 2 * page, 0, abi::MapFlags::read | abi::MapFlags::write})
            .ok());
    *init.touch(address, true) = *init.touch(address + page, true) = std::byte{1};
    EXPECT_TRUE(init.call(memory, MemoryOp::pin, {0, page, abi::boot_physical_memory}).ok());
    const abi::CapIndex space =
        init.call(abi::boot_own_space, abi::AddressSpaceOp::clone, {bank, 0}).cap();
    EXPECT_STREQ(kernel_broken_invariant(), nullptr);
    EXPECT_EQ(init.call(space, abi::AddressSpaceOp::query, {address}).words[3], page);
    EXPECT_EQ(*init.touch(address, false), std::byte{1});
    EXPECT_TRUE(
        init.call(abi::boot_own_space, abi::AddressSpaceOp::unmap, {address, 2 * page}).ok());
}

// A row of entries is 16 pages.
TEST_F(MemoryTest, WhatIsThereNearAPageThatIsReadNeedsNoFault) {
    using abi::MapFlags;
    constexpr std::uint64_t count = 40;
    constexpr std::uint64_t again = address + 64 * page;
    const abi::CapIndex memory = make(ObjectType::memory, count * page);
    const auto map = [&](std::uint64_t at, std::uint64_t first, std::uint64_t flags) {
        return init.call(abi::boot_own_space, abi::AddressSpaceOp::map,
                         {memory, at, (count - first) * page, first * page, flags});
    };
    ASSERT_TRUE(map(address, 0, MapFlags::read | MapFlags::write).ok());
    for (std::uint64_t i = 0; i < count; ++i) {
        if (i != 5) {
            *init.touch(address + i * page, true) = std::byte{1};
        }
    }
    ASSERT_TRUE(map(again + 2 * page, 2, MapFlags::read).ok());
    const arch::PageTables tables(kernel::scheduler().current()->root);
    const auto shown = [&] {
        std::uint64_t pages = 0;
        for (std::uint64_t i = 0; i < count; ++i) {
            const arch::Entry* entry = tables.entry_there(UserAddr{again + i * page});
            if (entry != nullptr && entry->present()) {
                EXPECT_FALSE(entry->writable()) << i;
                EXPECT_EQ(*static_cast<const std::byte*>(arch::window(entry->frame())),
                          std::byte{1});
                pages |= std::uint64_t{1} << i;
            }
        }
        EXPECT_STREQ(kernel_broken_invariant(), nullptr);
        return pages;
    };
    (void)init.touch(again + 8 * page, false);
    EXPECT_EQ(shown(), 1U << 8);  // one alone
    (void)init.touch(again + 9 * page, false);
    EXPECT_EQ(shown(), 0xff'ffff'ffdcU);  // of its row what the region shows, and is there
    EXPECT_TRUE(init.call(memory, abi::MemoryOp::decommit, {2 * page, 8 * page}).ok());
    EXPECT_EQ(shown(), 0xff'ffff'fc00U);
    EXPECT_TRUE(
        init.call(abi::boot_own_space, abi::AddressSpaceOp::unmap, {address, 128 * page}).ok());
}

// Of the pages that were written to since the last time a few are copied with the space, and both can go on writing without a fault.
// Another region that shows the same Memory must not show the frames of before.
TEST_F(MemoryTest, ACloneOfTheSpaceHasCopiesOfSomeWrittenPages) {
    using abi::MapFlags;
    constexpr std::uint64_t count = 10;
    constexpr std::uint64_t again = address + count * page;
    const abi::CapIndex memory = make(ObjectType::memory, count * page);
    const auto map = [&](std::uint64_t at, std::uint64_t flags) {
        return init.call(abi::boot_own_space, abi::AddressSpaceOp::map,
                         {memory, at, count * page, 0, flags});
    };
    ASSERT_TRUE(map(address, MapFlags::read | MapFlags::write).ok());
    ASSERT_TRUE(map(again, MapFlags::read).ok());
    const auto clone_with_copies_of = [&](std::uint64_t first, std::uint64_t end) {
        const abi::CapIndex space =
            init.call(abi::boot_own_space, abi::AddressSpaceOp::clone, {bank, 0}).cap();
        EXPECT_STREQ(kernel_broken_invariant(), nullptr);
        kernel::Thread& thread = *kernel::scheduler().current();
        const auto& copy =
            static_cast<const kernel::AddressSpace&>(*thread.table().find(space)->object);
        const arch::PageTables here(thread.root);
        const arch::PageTables there(copy.root());
        for (std::uint64_t i = 0; i < count; ++i) {
            const bool copied = first <= i && i < end;
            const arch::Entry& mine = *here.entry_there(UserAddr{address + i * page});
            const arch::Entry& its = *there.entry_there(UserAddr{address + i * page});
            EXPECT_EQ(mine.writable(), copied) << i;
            EXPECT_EQ(its.writable(), copied) << i;
            EXPECT_EQ(mine.frame() != its.frame(), copied) << i;
            EXPECT_EQ(static_cast<const std::byte*>(arch::window(its.frame()))[0], std::byte{1});
        }
        EXPECT_EQ(init.call(space, abi::AddressSpaceOp::query, {again}).words[3],
                  (count - (end - first)) * page);
        EXPECT_TRUE(init.call(abi::boot_own_table, abi::CapTableOp::remove, {space}).ok());
    };
    for (std::uint64_t i = 0; i < count; ++i) {
        *init.touch(address + i * page, true) = std::byte{1};
        EXPECT_EQ(*init.touch(again + i * page, false), std::byte{1});
    }
    clone_with_copies_of(0, 4);
    for (std::uint64_t i = 3; i < 5; ++i) {
        *init.touch(address + i * page, true) = std::byte{1};
    }
    clone_with_copies_of(3, 5);
    EXPECT_TRUE(
        init.call(abi::boot_own_space, abi::AddressSpaceOp::unmap, {address, 2 * count * page})
            .ok());
}

TEST_F(MemoryTest, TheMessagePageMayBeBothEnds) {
    const abi::CapIndex pages = make(ObjectType::memory, 2 * page);
    const abi::CapIndex thread =
        make(ObjectType::thread, abi::boot_own_space, abi::boot_own_table, pages);
    const abi::CapIndex context = make(ObjectType::sched_context, abi::boot_sched_context, 100);
    init.call(context, abi::SchedContextOp::bind, {thread});
    init.call(thread, abi::ThreadOp::start, {0x400000});
    pause_init();
    User user{*host::running()};
    std::memcpy(user.message_page(), "abcdefgh", 8);
    user.enter(Syscall::call, pages, abi::make_tag(static_cast<std::uint16_t>(MemoryOp::write), 8),
               {4});
    EXPECT_TRUE(user.answer().ok());
    EXPECT_EQ(std::memcmp(user.message_page(), "abcdabcdefgh", 12), 0);
    user.enter(Syscall::call, pages, abi::make_tag(static_cast<std::uint16_t>(MemoryOp::read)),
               {4, 8});
    EXPECT_EQ(std::memcmp(user.message_page(), "abcdefghefgh", 12), 0);
}

TEST_F(MemoryTest, ItsDeathEndsAFutexWait) {
    const abi::CapIndex memory_bank = make(ObjectType::bank, std::uint64_t{1} << 20);
    const abi::CapIndex memory = init.create(ObjectType::memory, page, 0, 0, 0, 0, memory_bank);
    NewThread made = host::start_thread(init, 100, bank);
    User other{*made.registers};
    ASSERT_TRUE(init.call(abi::boot_own_space, abi::AddressSpaceOp::map,
                          {memory, address, page, 0, abi::MapFlags::read})
                    .ok());
    pause_init();
    other.call(abi::boot_own_space, abi::AddressSpaceOp::futex_wait, {address, 0, 0});
    Machine::advance(long_time);
    EXPECT_EQ(state_of(made.thread), abi::ThreadState::blocked);
    EXPECT_TRUE(init.call(memory_bank, abi::BankOp::destroy).ok());
    EXPECT_EQ(state_of(made.thread), abi::ThreadState::ready);
    EXPECT_EQ(other.answer().error, Error::dead);
}

}  // namespace
