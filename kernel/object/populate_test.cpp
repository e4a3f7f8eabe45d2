// SPDX-License-Identifier: MIT
// Entries that come without a fault: of a mapping that asks for them, and of the pages near one that is run.
#include <array>

#include "kernel/arch/host/kernel_fixture.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/sched/scheduler.hpp"

namespace {

using abi::AddressSpaceOp;
using abi::MapFlags;
using abi::MemoryOp;
using abi::ObjectType;

constexpr std::uint64_t page = abi::page_size;
constexpr std::uint64_t both = MapFlags::read | MapFlags::write;

class PopulateTest : public host::KernelTest {
protected:
    const std::uint64_t address = next_address += 16 * arch::PageTables::large_bytes;

    abi::CapIndex memory_with(std::uint64_t pages, std::initializer_list<std::uint64_t> there) {
        const abi::CapIndex memory = make(ObjectType::memory, pages * page);
        for (const std::uint64_t one : there) {
            EXPECT_TRUE(init.call(memory, MemoryOp::commit, {one * page, page}).ok());
        }
        return memory;
    }
    void map(abi::CapIndex memory, std::uint64_t pages, std::uint64_t flags,
             std::uint64_t first = 0) {
        EXPECT_TRUE(init.call(abi::boot_own_space, AddressSpaceOp::map,
                              {memory, address, pages * page, first * page, flags})
                        .ok());
        EXPECT_STREQ(kernel_broken_invariant(), nullptr);
    }
    void TearDown() override {
        init.call(abi::boot_own_space, AddressSpaceOp::unmap, {address, 1024 * page});
        KernelTest::TearDown();
    }
    std::uint64_t resident() {
        return init.call(abi::boot_own_space, AddressSpaceOp::query, {address}).words[3] / page;
    }
    const arch::Entry* entry(std::uint64_t at) const {
        const arch::PageTables tables(kernel::scheduler().current()->root);
        return tables.entry_there(UserAddr{address + at * page});
    }
    bool shows(std::uint64_t at) const {
        const arch::Entry* found = entry(at);
        return found != nullptr && found->present();
    }
    bool run(std::uint64_t at) const {
        kernel::Thread& thread = *kernel::scheduler().current();
        return thread.space().resolve(thread, address + at * page, false, true);
    }

private:
    static inline std::uint64_t next_address = 0x70'0000'0000;
};

TEST_F(PopulateTest, WhatIsThereIsShownAtOnceAndNothingElse) {
    map(memory_with(80, {0, 2, 70}), 80, both | MapFlags::populate);
    EXPECT_EQ(resident(), 3U);
    EXPECT_TRUE(shows(0) && shows(2) && shows(70));
    EXPECT_TRUE(entry(2)->writable());
    EXPECT_FALSE(entry(2)->executable());
    EXPECT_EQ(init.call(abi::boot_own_space, AddressSpaceOp::query, {address}).words[2], both);
}

TEST_F(PopulateTest, NotUnlessItIsAskedFor) {
    map(memory_with(4, {0, 1, 2, 3}), 4, both);
    EXPECT_EQ(resident(), 0U);
}

TEST_F(PopulateTest, OfOneThatBeginsAnywhere) {
    const abi::CapIndex memory = memory_with(200, {59, 60, 63, 64, 65, 127, 128, 160, 161});
    map(memory, 101, MapFlags::read | MapFlags::populate, 60);
    EXPECT_EQ(resident(), 7U);
    EXPECT_TRUE(shows(0) && shows(3) && shows(4) && shows(5) && shows(67) && shows(68));
    EXPECT_TRUE(shows(100) && !shows(101) && !entry(0)->writable());
}

TEST_F(PopulateTest, OfTheFirstTwoMebibytes) {
    map(memory_with(600, {0, 511, 512}), 600, both | MapFlags::populate);
    EXPECT_EQ(resident(), 2U);
}

TEST_F(PopulateTest, OnlyWhatTheMemoryHas) {
    const abi::CapIndex memory = memory_with(4, {0, 1, 2, 3});
    EXPECT_TRUE(init.call(memory, MemoryOp::resize, {2 * page}).ok());
    map(memory, 8, both | MapFlags::populate);
    EXPECT_EQ(resident(), 2U);
}

TEST_F(PopulateTest, NothingOfWhatMayNotBeAccessed) {
    map(memory_with(4, {0, 1, 2, 3}), 4, MapFlags::populate);
    EXPECT_EQ(resident(), 0U);
    EXPECT_FALSE(run(0));
}

TEST_F(PopulateTest, OfASinglePage) {
    map(memory_with(1, {0}), 1, both | MapFlags::populate);
    EXPECT_EQ(resident(), 1U);
}

// Or who writes to it would write to the other's.
TEST_F(PopulateTest, APageThatACopySharesCannotBeWrittenThrough) {
    const abi::CapIndex memory = memory_with(70, {0, 1});
    map(memory, 1, both);
    *init.touch(address, true) = std::byte{7};
    EXPECT_TRUE(init.call(abi::boot_own_space, AddressSpaceOp::unmap, {address, page}).ok());
    const abi::CapIndex copy = init.call(memory, MemoryOp::clone, {bank, 0, 70 * page}).cap();
    EXPECT_TRUE(init.call(copy, MemoryOp::commit, {page, page}).ok());
    map(copy, 70, both | MapFlags::populate);
    EXPECT_EQ(resident(), 2U);
    EXPECT_FALSE(entry(0)->writable());
    EXPECT_TRUE(entry(1)->writable());  // it has been copied already
    *init.touch(address, true) = std::byte{8};
    EXPECT_TRUE(init.call(memory, MemoryOp::read, {0, 1}).ok());
    EXPECT_EQ(*init.message_page(), std::byte{7});
}

TEST_F(PopulateTest, WhatIsRunShowsALongRow) {
    map(memory_with(130, {0, 5, 30, 63, 64, 129}), 130, MapFlags::read | MapFlags::execute);
    EXPECT_TRUE(run(30));
    EXPECT_EQ(resident(), 4U);
    EXPECT_TRUE(shows(0) && shows(63) && entry(0)->executable());
    EXPECT_TRUE(run(129));
    EXPECT_EQ(resident(), 5U);
    EXPECT_STREQ(kernel_broken_invariant(), nullptr);
}

}  // namespace
