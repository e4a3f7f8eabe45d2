// SPDX-License-Identifier: MIT
#include "linux/memory/region_map.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace linux {
namespace {

constexpr std::uint64_t page = 4096;

Region region(std::uint64_t first, std::uint64_t pages, std::uint32_t protection = 3) {
    return {.start = first * page,
            .end = (first + pages) * page,
            .offset = first * page + (1 << 20),
            .protection = protection,
            .paid = protection != 0};
}

std::optional<std::uint64_t> gap_below(const RegionMap& map, std::uint64_t length,
                                       std::uint64_t high) {
    return map.find_gap(length, page, high);
}

TEST(RegionMap, JoinsEqualNeighboursOnly) {
    RegionMap map;
    map.insert(region(1, 1));
    map.insert(region(3, 1));
    map.insert(region(2, 1));
    ASSERT_EQ(map.regions().size(), 1U);
    EXPECT_EQ(map.regions()[0], region(1, 3));
    map.insert(region(4, 1, 1));
    EXPECT_EQ(map.regions().size(), 2U);
}

TEST(RegionMap, KeepsObjectsApart) {
    RegionMap map;
    Region file = region(1, 1);
    file.backing = Backing::object;
    map.insert(file);
    file.start = 2 * page;
    file.end = 3 * page;
    map.insert(file);
    EXPECT_EQ(map.regions().size(), 2U);
}

TEST(RegionMap, RemovingCutsBothSides) {
    RegionMap map;
    map.insert(region(10, 10));
    map.remove(12 * page, 15 * page);
    ASSERT_EQ(map.regions().size(), 2U);
    EXPECT_EQ(map.regions()[0], region(15, 5));
    EXPECT_EQ(map.regions()[1], region(10, 2));
    EXPECT_FALSE(map.covers(10 * page, 20 * page));
    EXPECT_TRUE(map.covers(15 * page, 20 * page));
    EXPECT_EQ(map.at(12 * page), nullptr);
    EXPECT_NE(map.at(11 * page + 5), nullptr);
}

TEST(RegionMap, WhatIsPaidForStaysPaid) {
    RegionMap map;
    map.insert(region(10, 10, 0));
    EXPECT_EQ(map.own_bytes(0, 100 * page, false), 10 * page);
    map.protect(12 * page, 14 * page, 3);
    EXPECT_EQ(map.own_bytes(0, 100 * page, true), 2 * page);
    EXPECT_EQ(map.own_bytes(13 * page, 100 * page, true), page);
    map.protect(12 * page, 14 * page, 0);
    EXPECT_EQ(map.own_bytes(0, 100 * page, true), 2 * page);
    Region sparse = region(30, 5);
    sparse.backing = Backing::sparse;
    sparse.paid = false;
    map.insert(sparse);
    map.protect(30 * page, 35 * page, 1);
    EXPECT_EQ(map.own_bytes(0, 100 * page, true), 2 * page);
    map.inherit();
    EXPECT_EQ(map.own_bytes(0, 100 * page, true) + map.own_bytes(0, 100 * page, false), 0U);
}

TEST(RegionMap, ProtectSplitsAndJoinsAgain) {
    RegionMap map;
    map.insert(region(10, 10));
    map.protect(12 * page, 14 * page, 1);
    EXPECT_EQ(map.regions().size(), 3U);
    map.protect(12 * page, 14 * page, 3);
    EXPECT_EQ(map.regions().size(), 1U);
    map.protect(10 * page, 20 * page, 1);
    ASSERT_EQ(map.regions().size(), 1U);
    EXPECT_EQ(map.regions()[0].protection, 1U);
}

TEST(RegionMap, RulesForChildrenSplitAndJoinAgain) {
    using linux::ForkRule;
    RegionMap map;
    map.insert(region(10, 10));
    map.set_fork_rule(12 * page, 14 * page, ForkRule::wipe);
    ASSERT_EQ(map.regions().size(), 3U);
    EXPECT_EQ(map.at(11 * page)->fork_rule, ForkRule::copy);
    EXPECT_EQ(map.at(13 * page)->fork_rule, ForkRule::wipe);
    map.inherit();
    EXPECT_EQ(map.at(13 * page)->fork_rule, ForkRule::wipe);
    map.set_fork_rule(10 * page, 20 * page, ForkRule::copy);
    EXPECT_EQ(map.regions().size(), 1U);
}

TEST(RegionMap, JoinsOnlyWhatIsContiguousInTheMemory) {
    RegionMap map;
    map.insert(region(1, 1));
    Region far = region(2, 1);
    far.offset += page;
    map.insert(far);
    EXPECT_EQ(map.regions().size(), 2U);
    const auto parts = map.parts(page, 2 * page);
    ASSERT_EQ(parts.size(), 1U);
}

TEST(RegionMap, PartsKnowTheirOffset) {
    RegionMap map;
    map.insert(region(10, 10));
    const auto parts = map.parts(12 * page, 15 * page);
    ASSERT_EQ(parts.size(), 1U);
    EXPECT_EQ(parts[0], region(12, 3));
}

TEST(RegionMap, FindsTheLowestGap) {
    RegionMap map;
    EXPECT_EQ(map.find_low_gap(page, 0), 0U);
    map.insert(region(0, 2));
    map.insert(region(3, 2));
    EXPECT_EQ(map.find_low_gap(page, 0), 2 * page);
    EXPECT_EQ(map.find_low_gap(2 * page, 0), 5 * page);
    EXPECT_EQ(map.find_low_gap(page, 4 * page), 5 * page);
}

TEST(RegionMap, FindsTheHighestGap) {
    RegionMap map;
    EXPECT_EQ(gap_below(map, 2 * page, 100 * page), 98 * page);
    map.insert(region(90, 10));
    EXPECT_EQ(gap_below(map, 2 * page, 100 * page), 88 * page);
    map.insert(region(86, 3));
    EXPECT_EQ(gap_below(map, page, 100 * page), 89 * page);
    EXPECT_EQ(gap_below(map, 2 * page, 100 * page), 84 * page);
    EXPECT_EQ(gap_below(map, 85 * page, 100 * page), page);
    EXPECT_EQ(gap_below(map, 86 * page, 100 * page), std::nullopt);
    map.insert(region(200, 5));
    EXPECT_EQ(gap_below(map, page, 100 * page), 89 * page);
}

// Against an array with one entry per page.
TEST(RegionMap, AgreesWithAModel) {
    std::mt19937 random{7};
    RegionMap map;
    std::map<std::uint64_t, std::uint32_t> model;
    std::uint64_t full_from = 70 * page;
    for (int step = 0; step < 4000; ++step) {
        const std::uint64_t first = 1 + random() % 60;
        const std::uint64_t count = 1 + random() % 8;
        const std::uint32_t protection = random() % 3;
        const auto start = first * page;
        const auto end = (first + count) * page;
        switch (random() % 3) {
            case 0:
                map.remove(start, end);
                map.insert(region(first, count, protection));
                for (std::uint64_t i = first; i < first + count; ++i) model[i] = protection;
                break;
            case 1:
                map.remove(start, end);
                for (std::uint64_t i = first; i < first + count; ++i) model.erase(i);
                full_from = std::max(full_from, end);
                break;
            default:
                if (map.covers(start, end)) {
                    map.protect(start, end, protection);
                    for (std::uint64_t i = first; i < first + count; ++i) model[i] = protection;
                }
        }
        for (std::uint64_t i = 0; i < 80; ++i) {
            const Region* found = map.at(i * page);
            const auto expected = model.find(i);
            ASSERT_EQ(found != nullptr, expected != model.end()) << step << " page " << i;
            if (found != nullptr) {
                ASSERT_EQ(found->protection, expected->second);
                ASSERT_EQ(found->offset, found->start + (1 << 20));
            }
        }
        std::optional<std::uint64_t> best;
        for (std::uint64_t at = 70 - count; at >= 1 && !best; --at) {
            bool free = true;
            for (std::uint64_t i = at; i < at + count; ++i) free = free && !model.contains(i);
            if (free) best = at * page;
        }
        ASSERT_EQ(gap_below(map, count * page, 70 * page), best);
        ASSERT_EQ(map.find_gap(count * page, page, full_from), best) << "with what it remembers";
        ASSERT_TRUE(map.covers(full_from, 70 * page));
    }
}

TEST(RegionMap, LocksParts) {
    RegionMap map;
    map.insert(region(1, 4, 3));
    map.lock(2 * page, 3 * page, true);
    EXPECT_TRUE(map.any_locked(page, 5 * page));
    EXPECT_FALSE(map.any_locked(page, 2 * page));
    EXPECT_FALSE(map.any_locked(3 * page, 5 * page));
    EXPECT_EQ(map.locked_bytes(), page);
    map.lock(2 * page, 3 * page, false);
    EXPECT_EQ(map.regions().size(), 1) << "nothing differs any more";
    map.lock_all(true);
    EXPECT_EQ(map.locked_bytes(), 4 * page);
    map.inherit();
    EXPECT_EQ(map.locked_bytes(), 0) << "a child has locked nothing";
}

}  // namespace
}  // namespace linux
