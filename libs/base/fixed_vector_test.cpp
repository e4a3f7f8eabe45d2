// SPDX-License-Identifier: MIT
#include "libs/base/fixed_vector.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace {

TEST(FixedVector, IsWhatAVectorIs) {
    constexpr std::size_t room = 8;
    std::mt19937 random(1);  // NOLINT: the same each time
    std::vector<int> expected;
    base::FixedVector<int, room> vector;
    for (int step = 0; step < 10'000; ++step) {
        const auto at = static_cast<std::ptrdiff_t>(random() % (expected.size() + 1));
        if (expected.size() < room && random() % 2 == 0) {
            expected.insert(expected.begin() + at, step);
            vector.insert(vector.begin() + at, step);
        } else if (expected.size() < room) {
            expected.push_back(step);
            vector.push_back(step);
        } else {
            const auto gone = at % static_cast<std::ptrdiff_t>(room);
            expected.erase(expected.begin() + gone);
            vector.erase(vector.begin() + gone);
        }
        ASSERT_TRUE(std::equal(vector.begin(), vector.end(), expected.begin(), expected.end()));
        ASSERT_TRUE(std::ranges::equal(vector.span(), expected));
        ASSERT_EQ(vector.full(), expected.size() == room);
        ASSERT_EQ(vector.empty(), expected.empty());
        if (!expected.empty()) {
            ASSERT_EQ(vector.back(), expected.back());
            ASSERT_EQ(vector[0], expected[0]);
        }
    }
}

}  // namespace
