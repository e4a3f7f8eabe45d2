// SPDX-License-Identifier: MIT
#include "kernel/arch/x86_64/boot_memory.hpp"

#include <gtest/gtest.h>

#include "kernel/arch/host/booted_kernel.hpp"

namespace {

constexpr std::uint64_t page = 4096;

class BootMemoryTest : public testing::Test {
protected:
    BootParameters parameters{};
    arch::BootMemory memory{parameters};

    std::vector<std::pair<std::uint64_t, std::uint64_t>> free() const {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
        for (const PhysRange& range : parameters.free) {
            ranges.emplace_back(range.begin.value() / page, range.end.value() / page);
        }
        return ranges;
    }
    void add(std::uint64_t first, std::uint64_t end) {
        memory.add_ram(first * page, (end - first) * page);
    }
    void reserve(std::uint64_t first, std::uint64_t end) {
        memory.reserve(PhysAddr{first * page}, PhysAddr{end * page});
    }
    using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
};

TEST_F(BootMemoryTest, RangesAreSortedAndMerged) {
    add(50, 60);
    add(1, 10);
    add(10, 20);
    add(5, 12);
    memory.finish_ram();
    EXPECT_EQ(free(), (Ranges{{1, 20}, {50, 60}}));
    EXPECT_EQ(parameters.ram_bytes(), 29 * page);
}

TEST_F(BootMemoryTest, PartialPagesAreNotUsed) {
    memory.add_ram(100, 3 * page);
    memory.add_ram(10 * page + 1, page);
    memory.finish_ram();
    EXPECT_EQ(free(), (Ranges{{1, 3}}));
}

TEST_F(BootMemoryTest, RangesThatOverflowAreCut) {
    memory.add_ram(~std::uint64_t{0} - 100, 4096);
    memory.add_ram(page, ~std::uint64_t{0});
    memory.finish_ram();
    EXPECT_EQ(free(), (Ranges{{1, (std::uint64_t{1} << 40) / page}}));
}

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

// As a PC has it: a hole for devices below 4 GiB, the rest above; told in pieces, in no order, some of them twice.
TEST_F(BootMemoryTest, HalfATebibyteIsTaken) {
    memory.add_ram(4 * gib, 509 * gib);
    memory.add_ram(0, 0x9fc00);
    memory.add_ram(0x100000, 3 * gib - 0x100000);
    memory.add_ram(300 * gib + 123, 50 * gib);
    memory.finish_ram();
    EXPECT_EQ(free(),
              (Ranges{{0, 0x9f}, {0x100, 3 * gib / page}, {4 * gib / page, 513 * gib / page}}));
    EXPECT_EQ(parameters.ram_bytes(), 512 * gib - 0x100000 + 0x9f000);
    EXPECT_LT(parameters.ram_left_out, 3 * page);
    reserve(200 * gib / page, 200 * gib / page + 1);
    EXPECT_EQ(parameters.free.size(), 4U);
}

// The tables that show it all are made before anything above 4 GiB can be reached.
TEST_F(BootMemoryTest, TheFirstFramesLieBelow4GiB) {
    host::init();
    add(12300, 12310);
    memory.add_ram(4 * gib, 508 * gib);
    memory.finish_ram();
    EXPECT_EQ(memory.allocate_frame(), PhysAddr{12300 * page});
}

TEST_F(BootMemoryTest, WhatLiesTooHighIsCounted) {
    memory.add_ram(1000 * gib, 100 * gib);
    memory.add_ram(2000 * gib, 3 * gib);
    memory.finish_ram();
    EXPECT_EQ(free(), (Ranges{{1000 * gib / page, 1024 * gib / page}}));
    EXPECT_EQ(parameters.ram_left_out, (76 + 3) * gib);
}

TEST_F(BootMemoryTest, ReservingCutsEveryWay) {
    add(0, 100);
    add(200, 300);
    memory.finish_ram();
    reserve(0, 1);
    reserve(40, 50);
    reserve(90, 210);
    reserve(250, 1000);
    EXPECT_EQ(free(), (Ranges{{1, 40}, {50, 90}, {210, 250}}));
    memory.reserve(PhysAddr{5 * page + 10}, PhysAddr{6 * page + 1});
    EXPECT_EQ(free(), (Ranges{{1, 5}, {7, 40}, {50, 90}, {210, 250}}));
    EXPECT_EQ(parameters.ram.size(), 2U);
}

TEST_F(BootMemoryTest, AFullTableLosesTheSmallerPart) {
    for (std::uint64_t i = 0; i < BootParameters::max_ranges + 10; ++i) {
        add(i * 100, i * 100 + 50);
    }
    memory.finish_ram();
    EXPECT_EQ(parameters.free.size(), BootParameters::max_ranges);
    EXPECT_EQ(parameters.ram_left_out, 10 * 50 * page);
    reserve(10, 11);
    EXPECT_EQ(parameters.free.size(), BootParameters::max_ranges);
    EXPECT_EQ(free().front(), (std::pair<std::uint64_t, std::uint64_t>{11, 50}));
}

TEST_F(BootMemoryTest, FramesComeZeroedFromTheLargestRange) {
    host::init();  // its memory is there from now on; the kernel has not come to these frames yet
    add(12300, 12310);
    add(12400, 12403);
    memory.finish_ram();
    auto* bytes = static_cast<std::byte*>(arch::window(PhysAddr{12300 * page}));
    bytes[17] = std::byte{1};
    EXPECT_EQ(memory.allocate_frame(), PhysAddr{12300 * page});
    EXPECT_EQ(bytes[17], std::byte{0});
    EXPECT_EQ(free(), (Ranges{{12301, 12310}, {12400, 12403}}));
}

}  // namespace
