// SPDX-License-Identifier: MIT
#include "libs/base/ordered_tree.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace {

struct Item {
    base::TreeNode node;
    std::uint64_t key = 0;
};
struct KeyOf {
    static std::uint64_t key(const Item& item) { return item.key; }
};
using Tree = base::OrderedTree<Item, &Item::node, KeyOf>;

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

}  // namespace
