// SPDX-License-Identifier: MIT
// Destruction and revocation in the smallest steps: after each, everything holds that holds between two system calls, and others
// may run and do as they like.
#include <algorithm>
#include <vector>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/work.hpp"
#include "kernel/sched/scheduler.hpp"

namespace {

using abi::AddressSpaceOp;
using abi::BankOp;
using abi::CapTableOp;
using abi::Error;
using abi::ObjectType;
using abi::Syscall;
using host::Machine;
using host::User;

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t equal_priority = 255;
// Everybody gets something done before it is the next one's turn.
constexpr Nanoseconds part_of_slice = kernel::Scheduler::time_slice * 3 / 5;

class PendingTest : public host::KernelTest {
protected:
    // Begins with a whole time slice, whatever the tests before have used of it.
    PendingTest() {
        pause_init(host::millisecond);
        Machine::advance(2 * host::millisecond);
        kernel::Work::chunk = 1;
    }
    ~PendingTest() override { kernel::Work::chunk = whole_chunk_; }
    void TearDown() override {
        watch(0);  // nobody else gets a turn while the test's bank is destroyed
        KernelTest::TearDown();
        Machine::at_preemption_points(0, {});
    }

    // Everything is checked at each preemption point, before which this much time passes.
    void watch(Nanoseconds span) {
        points_ = 0;
        ASSERT_STREQ(kernel_broken_invariant(), nullptr);
        Machine::at_preemption_points(span, [this] {
            ++points_;
            ASSERT_STREQ(kernel_broken_invariant(), nullptr);
        });
    }
    void yield_to(User& other) {
        init.enter(Syscall::yield, 0);
        ASSERT_TRUE(other.running());
    }
    std::uint64_t free_bytes() { return init.call(abi::boot_bank, BankOp::query).words[3]; }
    abi::CapIndex copy(abi::CapIndex source, std::uint64_t slot = abi::any_slot,
                       abi::CapIndex table = abi::boot_own_table) {
        return init.call(table, CapTableOp::copy, {source, abi::all_rights, slot}).cap();
    }
    static std::uint64_t type(ObjectType of) { return static_cast<std::uint64_t>(of); }

    // A bank with something of everything, and things that hold each other.
    abi::CapIndex make_full_bank() {
        const abi::CapIndex full = make(ObjectType::bank, std::uint64_t{2} << 20);
        const auto buy = [&](ObjectType of, std::uint64_t w1 = 0, std::uint64_t w2 = 0,
                             std::uint64_t w3 = 0, std::uint64_t w4 = 0, std::uint64_t w5 = 0) {
            return init.create(of, w1, w2, w3, w4, w5, full);
        };
        const abi::CapIndex space = buy(ObjectType::address_space);
        const abi::CapIndex table = buy(ObjectType::cap_table, 400);
        const abi::CapIndex memory = buy(ObjectType::memory, 200 * page);
        const abi::CapIndex pager = buy(ObjectType::endpoint);
        const abi::CapIndex paged = buy(ObjectType::memory, 200 * page, 0, pager);
        const abi::CapIndex pages = buy(ObjectType::memory, 2 * page);
        init.call(memory, abi::MemoryOp::commit, {0, 100 * page});
        init.call(memory, abi::MemoryOp::clone, {full, 0, 100 * page});
        init.call(memory, abi::MemoryOp::reserve, {150 * page});
        init.call(paged, abi::MemoryOp::supply, {0, 16 * page, memory, 0});
        init.call(paged, abi::MemoryOp::clone, {bank, 0, 20 * page});  // lives on
        map(space, memory, 0x100'0000, 100);
        map(space, paged, 0x200'0000, 20);
        map(abi::boot_own_space, memory, shared_, 100);
        for (std::uint64_t i = 0; i < 100; ++i) {
            init.touch(shared_ + i * page, true);
        }
        init.call(space, AddressSpaceOp::clone, {full});
        for (std::uint64_t i = 0; i < 30; ++i) {
            copy(memory, 100 + i * 10, table);
            copy(full, 101 + i * 10, table);
            init.call(table, CapTableOp::mint,
                      {pager, abi::all_rights, 102 + i * 10, i, abi::MintFlags::drop_guard});
        }
        init.call(table, CapTableOp::clone, {full});
        const abi::CapIndex first = buy(ObjectType::notification);
        const abi::CapIndex second = buy(ObjectType::notification);
        init.call(first, abi::NotificationOp::subscribe, {second, 1});
        const abi::CapIndex thread = buy(ObjectType::thread, space, table, pages, 0, 1);
        const abi::CapIndex context = buy(ObjectType::sched_context, abi::boot_sched_context, 1);
        init.call(context, abi::SchedContextOp::bind, {thread});
        init.call(thread, abi::ThreadOp::set_fault_handler, {pager, 0});
        buy(ObjectType::bank, std::uint64_t{1} << 20);
        const abi::CapIndex inner = buy(ObjectType::bank, std::uint64_t{1} << 20);
        for (int i = 0; i < 20; ++i) {
            init.create(ObjectType::endpoint, 0, 0, 0, 0, 0, inner);
        }
        return full;
    }
    void map(abi::CapIndex space, abi::CapIndex memory, std::uint64_t address,
             std::uint64_t pages) {
        EXPECT_TRUE(init.call(space, AddressSpaceOp::map,
                              {memory, address, pages * page, 0,
                               abi::MapFlags::read | abi::MapFlags::write})
                        .ok());
    }

    int points_ = 0;

private:
    std::uint32_t whole_chunk_ = kernel::Work::chunk;
    static constexpr std::uint64_t shared_ = 0x5000'0000;
};

TEST_F(PendingTest, ABankIsTakenApartStepByStep) {
    (void)init.call(make_full_bank(),
                    BankOp::destroy);  // what the first process needed for itself is there now
    const std::uint64_t before = free_bytes();
    const abi::CapIndex full = make_full_bank();
    watch(0);
    EXPECT_TRUE(init.call(full, BankOp::destroy).ok());
    EXPECT_GT(points_, 500);
    EXPECT_EQ(init.call(full, BankOp::query).error, Error::invalid_capability);
    EXPECT_LE(before - free_bytes(), 2 * page);  // the clone that lives on, twice: one block each
}

TEST_F(PendingTest, OthersRunInBetween) {
    const host::NewThread made = host::start_thread(init, equal_priority, bank);
    User other{*made.registers};
    const abi::CapIndex full = make_full_bank();
    const abi::CapIndex again = copy(full);
    watch(part_of_slice);
    init.enter(Syscall::call, full, abi::make_tag(static_cast<std::uint16_t>(BankOp::destroy)));
    int turns = 0;
    for (; !init.running(); ++turns) {
        ASSERT_TRUE(other.running());
        const Error error = other.call(again, BankOp::create, {type(ObjectType::endpoint)}).error;
        EXPECT_TRUE(error == Error::dead || error == Error::invalid_capability);
        other.enter(Syscall::yield, 0);
    }
    EXPECT_GT(turns, 100);
    EXPECT_TRUE(init.answer().ok());
    EXPECT_EQ(init.call(full, BankOp::query).error, Error::invalid_capability);
}

TEST_F(PendingTest, WhoDestroysTheDestroyerGoesOnForIt) {
    const std::uint64_t before = free_bytes();
    const abi::CapIndex own = make(ObjectType::bank, std::uint64_t{1} << 20);
    const host::NewThread made = host::start_thread(init, equal_priority, own);
    User other{*made.registers};
    const abi::CapIndex doomed = make(ObjectType::bank, std::uint64_t{1} << 20);
    const abi::CapIndex memory = init.create(ObjectType::memory, 100 * page, 0, 0, 0, 0, doomed);
    init.call(memory, abi::MemoryOp::commit, {0, 100 * page});
    yield_to(other);
    watch(part_of_slice);
    other.enter(Syscall::call, doomed, abi::make_tag(static_cast<std::uint16_t>(BankOp::destroy)));
    ASSERT_TRUE(init.running());  // whose turn it is
    watch(0);
    EXPECT_TRUE(init.call(own, BankOp::destroy).ok());
    EXPECT_GT(points_, 100);
    EXPECT_EQ(free_bytes(), before);
}

TEST_F(PendingTest, AThreadMayDestroyItsOwnBank) {
    const std::uint64_t before = free_bytes();
    const abi::CapIndex own = make(ObjectType::bank, std::uint64_t{1} << 20);
    const host::NewThread made = host::start_thread(init, equal_priority, own);
    User other{*made.registers};
    const abi::CapIndex memory = init.create(ObjectType::memory, 100 * page, 0, 0, 0, 0, own);
    init.call(memory, abi::MemoryOp::commit, {0, 100 * page});
    yield_to(other);
    watch(0);
    other.enter(Syscall::call, own, abi::make_tag(static_cast<std::uint16_t>(BankOp::destroy)));
    ASSERT_TRUE(init.running());
    EXPECT_EQ(free_bytes(), before);
}

TEST_F(PendingTest, AStoppedThreadLeavesItsWorkToWhoStopsIt) {
    const std::uint64_t before = free_bytes();
    const host::NewThread made = host::start_thread(init, equal_priority, bank);
    User other{*made.registers};
    const std::uint64_t with_thread = free_bytes();
    EXPECT_LE(with_thread, before);
    const abi::CapIndex memory = make(ObjectType::memory, 100 * page);
    init.call(memory, abi::MemoryOp::commit, {0, 100 * page});
    yield_to(other);
    watch(part_of_slice);
    other.enter(Syscall::call, abi::boot_own_table,
                abi::make_tag(static_cast<std::uint16_t>(CapTableOp::remove)), {memory});
    ASSERT_TRUE(init.running());
    EXPECT_LT(free_bytes(), with_thread);
    watch(0);
    EXPECT_TRUE(init.call(made.thread, abi::ThreadOp::stop).ok());
    EXPECT_EQ(free_bytes(), with_thread);
}

TEST_F(PendingTest, RevokingGoesOnByItself) {
    const abi::CapIndex root = make(ObjectType::endpoint);
    const abi::CapIndex kept = copy(root);
    const abi::CapIndex from = copy(root);
    abi::CapIndex last = from;
    for (int i = 0; i < 50; ++i) {
        const abi::CapIndex next = copy(last);
        last = i % 3 == 0 ? last : next;
    }
    const host::NewThread made = host::start_thread(init, equal_priority, bank);
    User other{*made.registers};
    watch(part_of_slice);
    init.enter(Syscall::call, abi::boot_own_table,
               abi::make_tag(static_cast<std::uint16_t>(CapTableOp::revoke)), {from});
    int turns = 0;
    for (; !init.running(); ++turns) {
        ASSERT_TRUE(other.running());
        if (turns % 4 == 0) {  // what is derived meanwhile goes as well
            other.call(abi::boot_own_table, CapTableOp::copy, {from, 1, abi::any_slot});
        }
        other.enter(Syscall::yield, 0);
    }
    EXPECT_GT(turns, 40);
    EXPECT_TRUE(init.answer().ok());
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::query, {from}).ok());
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::query, {kept}).ok());
    EXPECT_EQ(init.call(abi::boot_own_table, CapTableOp::query, {last}).error,
              Error::invalid_capability);
}

// While one of the tree is on its way out, others derive, delete and revoke in it.
TEST_F(PendingTest, WhatIsDerivedMovesUpStepByStep) {
    const abi::CapIndex root = make(ObjectType::endpoint);
    const abi::CapIndex middle = copy(root);
    std::vector<abi::CapIndex> children;
    std::vector<abi::CapIndex> grandchildren;
    for (int i = 0; i < 20; ++i) {
        children.push_back(copy(middle));
        grandchildren.push_back(copy(children.back()));
        grandchildren.push_back(copy(children.back()));
    }
    const host::NewThread made = host::start_thread(init, equal_priority, bank);
    User other{*made.registers};
    const auto in_table = [](User& user, CapTableOp op, abi::CapIndex slot) {
        return user.call(abi::boot_own_table, op, {slot, abi::all_rights, abi::any_slot});
    };
    watch(part_of_slice);
    init.enter(Syscall::call, abi::boot_own_table,
               abi::make_tag(static_cast<std::uint16_t>(CapTableOp::remove)), {middle});
    int turns = 0;
    for (; !init.running(); ++turns) {
        ASSERT_TRUE(other.running());
        EXPECT_TRUE(in_table(other, CapTableOp::query, middle).ok());
        if (turns < 20) {
            EXPECT_TRUE(in_table(other, CapTableOp::copy, middle).ok());
            const auto at = static_cast<std::size_t>(turns);
            EXPECT_TRUE(in_table(other, CapTableOp::copy, children[at]).ok());
            EXPECT_TRUE(in_table(other, CapTableOp::copy, grandchildren[39 - at]).ok());
        }
        other.enter(Syscall::yield, 0);
    }
    EXPECT_GT(turns, 40);
    EXPECT_TRUE(init.answer().ok());
    watch(0);
    EXPECT_EQ(in_table(init, CapTableOp::query, middle).error, Error::invalid_capability);
    EXPECT_TRUE(in_table(init, CapTableOp::revoke, children[5]).ok());
    EXPECT_EQ(in_table(init, CapTableOp::query, grandchildren[10]).error,
              Error::invalid_capability);
    EXPECT_TRUE(in_table(init, CapTableOp::query, children[6]).ok());
    EXPECT_TRUE(in_table(init, CapTableOp::query, grandchildren[12]).ok());
    EXPECT_TRUE(in_table(init, CapTableOp::revoke, root).ok());
    for (const abi::CapIndex slot : children) {
        EXPECT_EQ(in_table(init, CapTableOp::query, slot).error, Error::invalid_capability);
    }
}

// Whoever needs the tree in order goes on with what another has begun; the two end well in any order.
TEST_F(PendingTest, TwoRemoveAndOneRevokesInOneTree) {
    const abi::CapIndex root = make(ObjectType::endpoint);
    const abi::CapIndex outer = copy(root);
    const abi::CapIndex inner = copy(outer);
    abi::CapIndex last = inner;
    for (int i = 0; i < 40; ++i) {
        copy(inner);
        last = copy(last);
    }
    const host::NewThread made = host::start_thread(init, equal_priority, bank);
    User other{*made.registers};
    const auto remove = abi::make_tag(static_cast<std::uint16_t>(CapTableOp::remove));
    yield_to(other);
    watch(part_of_slice);
    other.enter(Syscall::call, abi::boot_own_table, remove, {outer});
    ASSERT_TRUE(init.running());
    watch(0);
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {inner}).ok());
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::revoke, {root}).ok());
    EXPECT_EQ(init.call(abi::boot_own_table, CapTableOp::query, {last}).error,
              Error::invalid_capability);
    while (!other.running()) {
        init.enter(Syscall::yield, 0);
    }
    EXPECT_EQ(other.call(abi::boot_own_table, CapTableOp::query, {outer}).error,
              Error::invalid_capability);
    other.enter(Syscall::yield, 0);
}

// It is deleted while somebody revokes what is derived from it: the rest goes along, and none of it comes to stand below a stranger.
TEST_F(PendingTest, DeletingWhatIsBeingRevokedEndsTheRevocation) {
    const abi::CapIndex root = make(ObjectType::endpoint);
    const abi::CapIndex parent = copy(root);
    const abi::CapIndex from = copy(parent);
    abi::CapIndex last = from;
    for (int i = 0; i < 40; ++i) {
        last = copy(last);
    }
    const host::NewThread made = host::start_thread(init, equal_priority, bank);
    User other{*made.registers};
    const auto in_table = [](User& user, CapTableOp op, abi::CapIndex slot) {
        return user.call(abi::boot_own_table, op, {slot, abi::all_rights, abi::any_slot});
    };
    yield_to(other);
    watch(part_of_slice);
    other.enter(Syscall::call, abi::boot_own_table,
                abi::make_tag(static_cast<std::uint16_t>(CapTableOp::revoke)), {from});
    ASSERT_TRUE(init.running());
    watch(0);
    EXPECT_TRUE(in_table(init, CapTableOp::query, last).ok());
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {from}).ok());
    EXPECT_STREQ(kernel_broken_invariant(), nullptr);
    EXPECT_EQ(in_table(init, CapTableOp::query, last).error, Error::invalid_capability);
    EXPECT_TRUE(in_table(init, CapTableOp::query, parent).ok());
    while (!other.running()) {
        init.enter(Syscall::yield, 0);
    }
    EXPECT_EQ(other.answer().error, Error::invalid_capability);
    other.enter(Syscall::yield, 0);
}

TEST_F(PendingTest, UnmappingALargeRange) {
    const abi::CapIndex memory = make(ObjectType::memory, 300 * page);
    map(abi::boot_own_space, memory, 0x6000'0000, 300);
    for (std::uint64_t i = 0; i < 300; ++i) {
        ASSERT_NE(init.touch(0x6000'0000 + i * page, true), nullptr);
    }
    watch(0);
    EXPECT_TRUE(
        init.call(abi::boot_own_space, AddressSpaceOp::unmap, {0x6000'0000 + page, 298 * page})
            .ok());
    EXPECT_GT(points_, 15);
    EXPECT_NE(init.touch(0x6000'0000, false), nullptr);
    EXPECT_NE(init.touch(0x6000'0000 + 299 * page, false), nullptr);
    EXPECT_EQ(init.call(abi::boot_own_space, AddressSpaceOp::query, {0x6000'0000 + page}).error,
              Error::not_mapped);
    EXPECT_TRUE(
        init.call(abi::boot_own_space, AddressSpaceOp::unmap, {0x6000'0000, 300 * page}).ok());
}

TEST_F(PendingTest, ProtectingALargeRange) {
    constexpr std::uint64_t at = 0x6000'0000;
    const abi::CapIndex memory = make(ObjectType::memory, 300 * page);
    map(abi::boot_own_space, memory, at, 100);
    map(abi::boot_own_space, memory, at + 100 * page, 200);
    for (std::uint64_t i = 0; i < 300; ++i) {
        ASSERT_NE(init.touch(at + i * page, true), nullptr);
    }
    const auto protect = [&](std::uint64_t first, std::uint64_t pages, std::uint64_t access) {
        return init.call(abi::boot_own_space, AddressSpaceOp::protect,
                         {at + first * page, pages * page, access});
    };
    watch(0);
    EXPECT_EQ(protect(1, 300, abi::MapFlags::read).error, Error::not_mapped);
    EXPECT_TRUE(protect(1, 298, abi::MapFlags::read).ok());
    EXPECT_GT(points_, 15);
    const auto query = [&](std::uint64_t i) {
        return init.call(abi::boot_own_space, AddressSpaceOp::query, {at + i * page});
    };
    for (const std::uint64_t i : {1, 99, 100, 298}) {
        EXPECT_EQ(query(i).words[2], abi::MapFlags::read) << i;
        EXPECT_EQ(query(i).words[3], 0U) << i;  // nothing can be written by an old entry
    }
    EXPECT_EQ(query(0).words[3], page);
    EXPECT_EQ(query(299).words[3], page);
    EXPECT_TRUE(protect(0, 300, abi::MapFlags::read | abi::MapFlags::write).ok());
    EXPECT_NE(init.touch(at + 200 * page, true), nullptr);
}

TEST_F(PendingTest, PagesComeAndGoStepByStep) {
    const abi::CapIndex memory = make(ObjectType::memory, 300 * page);
    const auto committed = [&] { return init.call(memory, abi::MemoryOp::query).words[1] / page; };
    map(abi::boot_own_space, memory, 0x6000'0000, 300);
    watch(0);
    EXPECT_TRUE(init.call(memory, abi::MemoryOp::commit, {page, 200 * page}).ok());
    EXPECT_GT(points_, 190);
    EXPECT_EQ(committed(), 200U);
    std::byte* first = init.touch(0x6000'0000 + 150 * page, true);
    ASSERT_NE(first, nullptr);
    *first = std::byte{7};
    EXPECT_TRUE(init.call(memory, abi::MemoryOp::decommit, {10 * page, 100 * page}).ok());
    EXPECT_EQ(committed(), 100U);
    EXPECT_TRUE(init.call(memory, abi::MemoryOp::resize, {120 * page}).ok());
    EXPECT_EQ(committed(), 19U);
    EXPECT_TRUE(init.call(memory, abi::MemoryOp::resize, {300 * page}).ok());
    first = init.touch(0x6000'0000 + 150 * page, false);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(*first, std::byte{0});
}

// It grows again while somebody else is still at work on what he cut off.
TEST_F(PendingTest, ResizingMeetsResizing) {
    const abi::CapIndex memory = make(ObjectType::memory, 300 * page);
    ASSERT_TRUE(init.call(memory, abi::MemoryOp::commit, {0, 300 * page}).ok());
    const host::NewThread made = host::start_thread(init, equal_priority, bank);
    User other{*made.registers};
    yield_to(other);
    watch(part_of_slice);
    other.enter(Syscall::call, memory,
                abi::make_tag(static_cast<std::uint16_t>(abi::MemoryOp::resize)), {10 * page});
    ASSERT_TRUE(init.running());
    while (init.call(memory, abi::MemoryOp::query).words[0] != 10 * page) {
        init.enter(Syscall::yield, 0);
        ASSERT_TRUE(init.running());
    }
    watch(0);
    EXPECT_TRUE(init.call(memory, abi::MemoryOp::resize, {200 * page}).ok());
    EXPECT_EQ(init.call(memory, abi::MemoryOp::query).words[0], 200 * page);
    EXPECT_EQ(init.call(memory, abi::MemoryOp::query).words[1], 10 * page);
    init.enter(Syscall::yield, 0);
    ASSERT_TRUE(other.running());
    EXPECT_TRUE(other.answer().ok());
    EXPECT_EQ(other.call(memory, abi::MemoryOp::query).words[0], 200 * page);
    other.enter(Syscall::yield, 0);
}

TEST_F(PendingTest, ManyAreRemovedOneByOne) {
    const abi::CapIndex root = make(ObjectType::endpoint);
    host::Words slots{};
    for (std::uint64_t& slot : slots) {
        slot = copy(root);
    }
    watch(0);
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, slots).ok());
    EXPECT_GE(points_, 5);
    for (const std::uint64_t slot : slots) {
        EXPECT_EQ(init.call(abi::boot_own_table, CapTableOp::query, {slot}).error,
                  Error::invalid_capability);
    }
}

// Else the next operation would go on where this one has ended.
TEST_F(PendingTest, WhatFailsHalfwayLeavesNothingBehind) {
    const abi::CapIndex memory = make(ObjectType::memory, 300 * page);
    const abi::CapIndex other_memory = make(ObjectType::memory, 10 * page);
    const abi::CapIndex used = copy(memory);
    const host::NewThread made = host::start_thread(init, equal_priority, bank);
    User other{*made.registers};
    yield_to(other);
    watch(part_of_slice);
    other.enter(Syscall::call, used,
                abi::make_tag(static_cast<std::uint16_t>(abi::MemoryOp::commit)), {0, 300 * page});
    ASSERT_TRUE(init.running());
    watch(0);
    EXPECT_TRUE(init.call(abi::boot_own_table, CapTableOp::remove, {used}).ok());
    init.enter(Syscall::yield, 0);
    ASSERT_TRUE(other.running());
    EXPECT_EQ(other.answer().error, Error::invalid_capability);
    EXPECT_TRUE(other.call(other_memory, abi::MemoryOp::commit, {0, 10 * page}).ok());
    EXPECT_EQ(other.call(other_memory, abi::MemoryOp::query).words[1], 10 * page);
    other.enter(Syscall::yield, 0);
}

TEST_F(PendingTest, BanksNestOnlySoDeep) {
    abi::CapIndex innermost = bank;
    host::Answer made;
    int depth = 0;
    for (; depth < 200; ++depth) {
        made = init.call(innermost, BankOp::create, {type(ObjectType::bank), page * 1000});
        if (!made.ok()) {
            break;
        }
        innermost = made.cap();
    }
    EXPECT_EQ(made.error, Error::too_deep);
    EXPECT_EQ(depth, kernel::Bank::max_depth - 1);  // the test's bank is one below the root
}

}  // namespace
