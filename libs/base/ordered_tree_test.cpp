// SPDX-License-Identifier: MIT
#include "libs/base/ordered_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace {

struct Item {
    base::TreeNode node;
    std::uint64_t key = 0;
};
using Tree = base::OrderedTree<Item, &Item::node, &Item::key>;

TEST(OrderedTree, IsWhatAMapIs) {
    constexpr std::uint64_t keys = 200;
    std::mt19937_64 random(1);  // NOLINT: the same each time
    std::vector<Item> items(keys);
    std::map<std::uint64_t, Item*> expected;
    Tree tree;
    for (int step = 0; step < 20'000; ++step) {
        Item& item = items[random() % keys];
        if (item.node.linked) {
            tree.remove(item);
            expected.erase(item.key);
        } else {
            item.key = static_cast<std::uint64_t>(&item - items.data()) * 10;
            tree.insert(item);
            expected[item.key] = &item;
        }
        ASSERT_EQ(tree.empty(), expected.empty());
        ASSERT_EQ(tree.first(), expected.empty() ? nullptr : expected.begin()->second);
        const std::uint64_t key = random() % (keys * 10 + 20);
        const auto after = expected.lower_bound(key);
        ASSERT_EQ(tree.at_or_after(key), after == expected.end() ? nullptr : after->second);
        const auto beyond = expected.upper_bound(key);
        ASSERT_EQ(tree.at_or_before(key),
                  beyond == expected.begin() ? nullptr : std::prev(beyond)->second);
    }
}

TEST(OrderedTree, KeysMayBeTheSame) {
    std::vector<Item> items(300);
    Tree tree;
    for (std::size_t i = 0; i < items.size(); ++i) {
        items[i].key = i % 3;
        tree.insert(items[i]);
    }
    for (std::size_t i = 0; i < items.size(); i += 2) {
        tree.remove(items[i]);
    }
    std::vector<std::uint64_t> seen;
    tree.for_each([&](const Item& item) { seen.push_back(item.key); });
    std::vector<std::uint64_t> left;
    while (Item* item = tree.first()) {
        left.push_back(item->key);
        tree.remove(*item);
    }
    EXPECT_EQ(seen, left);
    EXPECT_EQ(left.size(), items.size() / 2);
    EXPECT_TRUE(std::ranges::is_sorted(left));
    EXPECT_EQ(std::ranges::count(left, 1U), 50);
}

}  // namespace
