// SPDX-License-Identifier: MIT
// Large entries of page tables: when they appear, and what becomes of them when a part of what they show changes.
#include <array>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/sched/scheduler.hpp"

namespace {

using abi::AddressSpaceOp;
using abi::BankOp;
using abi::MapFlags;
using abi::MemoryFlags;
using abi::MemoryOp;
using abi::ObjectType;

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t large = std::uint64_t{2} << 20;
constexpr std::uint64_t both = MapFlags::read | MapFlags::write;

class LargePagesTest : public host::KernelTest {
protected:
    LargePagesTest() { bank_limit(3 * large); }
    void TearDown() override {
        init.call(abi::boot_own_space, AddressSpaceOp::unmap, {address, 4 * large});
        KernelTest::TearDown();
    }

    // Aligned as a large page, and no table has been made there by another test.
    const std::uint64_t address = next_address += 16 * large;

    void bank_limit(std::uint64_t bytes) {
        EXPECT_TRUE(init.call(bank, BankOp::set_limit, {bytes + (std::uint64_t{1} << 20)}).ok());
    }
    abi::CapIndex contiguous(std::uint64_t bytes) {
        const abi::CapIndex memory = make(ObjectType::memory, bytes, MemoryFlags::contiguous);
        EXPECT_NE(memory, 0U);
        return memory;
    }
    void map(abi::CapIndex memory, std::uint64_t bytes) { map(memory, bytes, address); }
    void map(abi::CapIndex memory, std::uint64_t bytes, std::uint64_t at,
             std::uint64_t flags = both, std::uint64_t offset = 0) {
        EXPECT_TRUE(
            init.call(abi::boot_own_space, AddressSpaceOp::map, {memory, at, bytes, offset, flags})
                .ok());
    }
    // How many bytes the region has entries for.
    std::uint64_t resident() { return resident(address); }
    std::uint64_t resident(std::uint64_t at) {
        return init.call(abi::boot_own_space, AddressSpaceOp::query, {at}).words[3];
    }
    static const arch::Entry* entry(std::uint64_t at) {
        const arch::PageTables tables(kernel::scheduler().current()->root);
        const arch::Entry* large_entry = tables.find_large(UserAddr{at});
        return large_entry != nullptr ? large_entry : tables.entry_there(UserAddr{at});
    }
    static bool is_large(std::uint64_t at) {
        const arch::Entry* found = entry(at);
        return found != nullptr && found->is_large();
    }
    std::byte& byte(std::uint64_t at, bool write = true) {
        std::byte* there = init.touch(at, write);
        EXPECT_NE(there, nullptr);
        return *there;
    }
    // As the fault of a thread, which is not to end by it.
    static bool can_touch(std::uint64_t at, bool write) {
        kernel::Thread& thread = *kernel::scheduler().current();
        return thread.space().resolve(thread, at, write, false);
    }
    void check() { EXPECT_STREQ(kernel_broken_invariant(), nullptr); }

private:
    static inline std::uint64_t next_address = 0x60'0000'0000;
};

TEST_F(LargePagesTest, OneFaultShowsAllOfAContiguousLargePage) {
    map(contiguous(large + page), large + page);
    byte(address + 5 * page) = std::byte{7};
    EXPECT_TRUE(is_large(address));
    EXPECT_EQ(resident(), large);
    EXPECT_EQ(byte(address + 5 * page, false), std::byte{7});
    byte(address + large);
    EXPECT_FALSE(is_large(address + large));
    EXPECT_EQ(resident(), large + page);
}

TEST_F(LargePagesTest, TheAddressMustBeAlignedAsTheFramesAre) {
    map(contiguous(large), large, address + page);
    byte(address + page);
    EXPECT_EQ(resident(address + page), page);
}

TEST_F(LargePagesTest, TheRegionMustCoverAllOfIt) {
    const abi::CapIndex memory = contiguous(large);
    map(memory, large - page);
    map(memory, page, address + large - page, MapFlags::read, large - page);
    byte(address);
    EXPECT_EQ(resident(), page);
    EXPECT_FALSE(is_large(address));
}

TEST_F(LargePagesTest, SmallEntriesThatAreThereStay) {
    const abi::CapIndex memory = make(ObjectType::memory, large);
    EXPECT_TRUE(init.call(memory, MemoryOp::commit, {0, large}).ok());
    EXPECT_TRUE(init.call(memory, MemoryOp::decommit, {0, page}).ok());
    map(memory, large);
    byte(address + page);
    EXPECT_EQ(resident(), page);
    EXPECT_TRUE(init.call(memory, MemoryOp::commit, {0, page}).ok());
    byte(address + 2 * page);
    EXPECT_FALSE(is_large(address));
    EXPECT_EQ(resident(), 2 * page);
}

TEST_F(LargePagesTest, WhatIsCommittedInLargePiecesGetsLargeEntries) {
    const abi::CapIndex memory = make(ObjectType::memory, 2 * large);
    EXPECT_TRUE(init.call(memory, MemoryOp::commit, {0, large}).ok());
    map(memory, 2 * large);
    byte(address) = std::byte{1};
    byte(address + large) = std::byte{2};
    EXPECT_TRUE(is_large(address));
    EXPECT_FALSE(is_large(address + large));
    EXPECT_EQ(resident(), large + page);
    EXPECT_EQ(init.call(memory, MemoryOp::query).words[1], large + page);
}

TEST_F(LargePagesTest, DeviceMemoryHasLargeEntries) {
    constexpr std::uint64_t device = std::uint64_t{1} << 40;  // far above the machine's RAM
    const abi::CapIndex memory =
        init.call(abi::boot_physical_memory, MemoryOp::window, {device, 2 * large, bank}).cap();
    map(memory, 2 * large, address, both | MapFlags::write_combining);
    EXPECT_TRUE(can_touch(address + large + 3 * page, true));
    ASSERT_TRUE(is_large(address + large));
    EXPECT_EQ(entry(address + large)->frame(), PhysAddr{device + large});
    EXPECT_EQ(resident(), large);
}

TEST_F(LargePagesTest, UnmappingAPartLeavesTheRest) {
    map(contiguous(large), large);
    byte(address + 9 * page) = std::byte{9};
    ASSERT_TRUE(is_large(address));
    EXPECT_TRUE(
        init.call(abi::boot_own_space, AddressSpaceOp::unmap, {address + 4 * page, page}).ok());
    check();
    EXPECT_FALSE(can_touch(address + 4 * page, false));
    EXPECT_EQ(resident(), 4 * page);
    EXPECT_EQ(resident(address + 5 * page), large - 5 * page);
    EXPECT_EQ(byte(address + 9 * page, false), std::byte{9});
}

TEST_F(LargePagesTest, UnmappingOneLeavesItsNeighbourLarge) {
    map(contiguous(2 * large), 2 * large);
    byte(address);
    byte(address + large) = std::byte{8};
    EXPECT_TRUE(init.call(abi::boot_own_space, AddressSpaceOp::unmap, {address, large}).ok());
    check();
    EXPECT_TRUE(is_large(address + large));
    EXPECT_EQ(byte(address + large, false), std::byte{8});
    EXPECT_FALSE(can_touch(address, false));
}

TEST_F(LargePagesTest, ProtectingAPartLeavesTheRest) {
    map(contiguous(large), large);
    byte(address);
    EXPECT_TRUE(init.call(abi::boot_own_space, AddressSpaceOp::protect,
                          {address + large - 8 * page, 8 * page, MapFlags::read})
                    .ok());
    check();
    EXPECT_EQ(resident(), large - 8 * page);
    EXPECT_FALSE(can_touch(address + large - page, true));
    EXPECT_TRUE(entry(address)->writable());
}

TEST_F(LargePagesTest, DecommittingAPageTakesItOutOfTheLargeEntry) {
    const abi::CapIndex memory = make(ObjectType::memory, large);
    EXPECT_TRUE(init.call(memory, MemoryOp::commit, {0, large}).ok());
    map(memory, large);
    byte(address + page) = std::byte{1};
    byte(address + 2 * page) = std::byte{2};
    ASSERT_TRUE(is_large(address));
    EXPECT_TRUE(init.call(memory, MemoryOp::decommit, {page, page}).ok());
    check();
    EXPECT_EQ(resident(), large - page);
    EXPECT_EQ(byte(address + page), std::byte{0});
    EXPECT_EQ(byte(address + 2 * page), std::byte{2});
}

TEST_F(LargePagesTest, ResizingTakesTheEndOutOfTheLargeEntry) {
    const abi::CapIndex memory = contiguous(large);
    map(memory, large);
    byte(address) = std::byte{1};
    ASSERT_TRUE(is_large(address));
    EXPECT_TRUE(init.call(memory, MemoryOp::resize, {3 * page}).ok());
    check();
    EXPECT_FALSE(can_touch(address + 3 * page, false));
    EXPECT_EQ(byte(address), std::byte{1});
    EXPECT_EQ(resident(), 3 * page);
}

TEST_F(LargePagesTest, NothingIsWritableThatIsSharedInPart) {
    const abi::CapIndex memory = contiguous(large);
    const abi::CapIndex copy = init.call(memory, MemoryOp::clone, {bank, 7 * page, page}).cap();
    ASSERT_NE(copy, 0U);
    map(memory, large);
    byte(address) = std::byte{1};
    EXPECT_FALSE(is_large(address));
    byte(address + 7 * page) = std::byte{2};
    check();
    map(copy, page, address + large);
    EXPECT_EQ(byte(address + large, false), std::byte{0});
}

// Its entries are cleared before its pages go, because some of them may be the source's.
TEST_F(LargePagesTest, ResizingACloneOfAPagedMemoryDoesSo) {
    const abi::CapIndex pager = make(ObjectType::endpoint);
    const abi::CapIndex paged = make(ObjectType::memory, large, 0, pager);
    const abi::CapIndex fresh = make(ObjectType::memory, large);
    EXPECT_TRUE(init.call(fresh, MemoryOp::commit, {0, large}).ok());
    constexpr std::uint64_t most = abi::most_supplied * page;
    for (std::uint64_t at = 0; at < large; at += most) {
        EXPECT_TRUE(init.call(paged, MemoryOp::supply, {at, most, fresh, at}).ok());
    }
    const abi::CapIndex copy = init.call(paged, MemoryOp::clone, {bank, 0, large}).cap();
    EXPECT_TRUE(init.call(copy, MemoryOp::commit, {0, large}).ok());
    map(copy, large);
    byte(address);
    ASSERT_TRUE(is_large(address));
    EXPECT_TRUE(init.call(copy, MemoryOp::resize, {3 * page}).ok());
    check();
    EXPECT_EQ(resident(), 3 * page);
}

// Of two regions the younger one keeps its other pages, the elder one's entry goes as a whole; both show the page's new frame.
TEST_F(LargePagesTest, ACloneIsWrittenPageByPage) {
    const abi::CapIndex memory = contiguous(large);
    map(memory, large);
    map(memory, large, address + large);
    byte(address + 3 * page) = std::byte{3};
    byte(address + large);
    ASSERT_TRUE(is_large(address) && is_large(address + large));
    const abi::CapIndex copy = init.call(memory, MemoryOp::clone, {bank, 0, large}).cap();
    check();
    EXPECT_TRUE(is_large(address));
    EXPECT_FALSE(entry(address)->writable());
    map(copy, large, address + 2 * large);
    EXPECT_EQ(byte(address + 2 * large + 3 * page, false), std::byte{3});
    EXPECT_TRUE(is_large(address + 2 * large));

    byte(address + 3 * page) = std::byte{4};
    check();
    EXPECT_FALSE(is_large(address));
    EXPECT_EQ(resident(), page);
    EXPECT_EQ(resident(address + large), large - page);
    EXPECT_EQ(byte(address + large + 3 * page, false), std::byte{4});
    EXPECT_EQ(byte(address + 2 * large + 3 * page, false), std::byte{3});
    EXPECT_TRUE(is_large(address + 2 * large));
}

TEST_F(LargePagesTest, ACloneOfTheSpaceHasTheLargeEntries) {
    map(contiguous(large), large, address, both | MapFlags::on_clone_share);
    map(contiguous(large), large, address + large);
    byte(address) = std::byte{1};
    byte(address + large) = std::byte{2};
    const abi::CapIndex space =
        init.call(abi::boot_own_space, AddressSpaceOp::clone, {bank, 0}).cap();
    ASSERT_NE(space, 0U);
    check();
    EXPECT_TRUE(is_large(address) && entry(address)->writable());
    EXPECT_TRUE(is_large(address + large) && !entry(address + large)->writable());
    EXPECT_EQ(init.call(space, AddressSpaceOp::query, {address}).words[3], large);
    EXPECT_EQ(init.call(space, AddressSpaceOp::query, {address + large}).words[3], large);
}

TEST_F(LargePagesTest, WithoutRoomForATableAllOfItGoes) {
    const abi::CapIndex poor = init.create(ObjectType::bank, large, 0, 0, 0, 0, bank);
    const abi::CapIndex space = init.create(ObjectType::address_space, 0, 0, 0, 0, 0, poor);
    const abi::CapIndex memory = contiguous(large);
    EXPECT_TRUE(init.call(space, AddressSpaceOp::map, {memory, address, large, 0, both}).ok());
    auto& thread = *kernel::scheduler().current();
    auto& real = static_cast<kernel::AddressSpace&>(*thread.table().find(space)->object);
    ASSERT_TRUE(real.resolve(thread, address, true, false));
    EXPECT_EQ(init.call(space, AddressSpaceOp::query, {address}).words[3], large);
    EXPECT_TRUE(init.call(poor, BankOp::set_limit, {init.call(poor, BankOp::query).words[1]}).ok());
    // One page of a region of its own, so that nothing needs to be bought but the table.
    EXPECT_TRUE(init.call(memory, MemoryOp::resize, {large - page}).ok());
    check();
    EXPECT_EQ(init.call(space, AddressSpaceOp::query, {address}).words[3], 0U);
    EXPECT_FALSE(real.resolve(thread, address, true, false));
    EXPECT_TRUE(init.call(poor, BankOp::set_limit, {large}).ok());
    EXPECT_TRUE(real.resolve(thread, address, true, false));
}

TEST_F(LargePagesTest, AMemorysEndTakesItsLargeEntriesAlong) {
    const abi::CapIndex owner = init.create(ObjectType::bank, 2 * large, 0, 0, 0, 0, bank);
    const abi::CapIndex memory = init.create(ObjectType::memory, large, MemoryFlags::contiguous,
                                             abi::no_capability, 0, 0, owner);
    map(memory, large);
    byte(address);
    ASSERT_TRUE(is_large(address));
    EXPECT_TRUE(init.call(owner, BankOp::destroy).ok());
    check();
    EXPECT_FALSE(is_large(address));
    EXPECT_FALSE(can_touch(address, false));
}

}  // namespace
