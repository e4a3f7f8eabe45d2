// SPDX-License-Identifier: MIT
#include "linux/fd/slot_table.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace {

using Table = linux::fd::SlotTable<int, 128>;

TEST(SlotTable, TheLowestFreeSlotIsTaken) {
    Table table;
    int item = 0;
    for (std::size_t i = 0; i < 128; ++i) {
        ASSERT_EQ(table.lowest_free(0, 128), i);
        EXPECT_EQ(table.put(i, &item, false), nullptr);
    }
    EXPECT_FALSE(table.lowest_free(0, 128));
    EXPECT_EQ(table.take(70), &item);
    EXPECT_EQ(table.take(70), nullptr);
    EXPECT_EQ(table.take(3), &item);
    EXPECT_EQ(table.lowest_free(0, 128), 3U);
    EXPECT_EQ(table.lowest_free(4, 128), 70U);
    EXPECT_FALSE(table.lowest_free(4, 70));
    EXPECT_FALSE(table.lowest_free(71, 128));
}

TEST(SlotTable, TheLimitHolds) {
    Table table;
    int item = 0;
    table.put(0, &item, false);
    EXPECT_EQ(table.lowest_free(0, 2), 1U);
    EXPECT_FALSE(table.lowest_free(0, 1));
    EXPECT_FALSE(table.lowest_free(0, 0));
    EXPECT_EQ(table.lowest_free(127, 1000), 127U);
    EXPECT_FALSE(table.lowest_free(128, 1000));
    EXPECT_EQ(table.lowest_free(64, 128), 64U);
}

TEST(SlotTable, NumbersOutsideNameNothing) {
    Table table;
    EXPECT_EQ(table.get(-1), nullptr);
    EXPECT_EQ(table.get(128), nullptr);
    EXPECT_EQ(table.get(INT64_MIN), nullptr);
    EXPECT_EQ(table.take(-1), nullptr);
    EXPECT_EQ(table.take(128), nullptr);
}

TEST(SlotTable, FlagsBelongToTheSlot) {
    Table table;
    int item = 0;
    table.put(5, &item, true);
    table.put(6, &item, false);
    EXPECT_TRUE(table.slot(5).close_on_exec);
    EXPECT_FALSE(table.slot(6).close_on_exec);
    EXPECT_EQ(table.put(5, &item, false), &item);
    EXPECT_FALSE(table.slot(5).close_on_exec);
}

TEST(SlotTable, EachSlotIsVisitedAndMayGo) {
    Table table;
    int item = 0;
    for (const std::size_t number : {1, 63, 64, 127}) {
        table.put(number, &item, number == 64);
    }
    std::vector<std::size_t> seen;
    table.for_each([&](std::size_t number, const Table::Slot& slot) {
        seen.push_back(number);
        if (slot.close_on_exec) {
            table.take(static_cast<std::int64_t>(number));
        }
    });
    EXPECT_EQ(seen, (std::vector<std::size_t>{1, 63, 64, 127}));
    EXPECT_EQ(table.get(64), nullptr);
    EXPECT_EQ(table.get(63), &item);
}

}  // namespace
