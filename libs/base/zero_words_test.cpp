// SPDX-License-Identifier: MIT
#include "libs/base/zero_words.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

TEST(ZeroWords, NoWordIsPassedOver) {
    for (unsigned bits = 0; bits < 256; ++bits) {
        std::array<std::uint64_t, 8> row{};
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i] = (bits >> i & 1) != 0 ? std::uint64_t{1} << 63 : 0;
        }
        unsigned found = 0;
        std::size_t looks = 0;
        for (std::size_t i = 0; i < row.size(); ++i, ++looks) {
            if (row[i] == 0) {
                i += base::more_zeros(row.data(), i);
            } else {
                found |= 1U << i;
            }
        }
        EXPECT_EQ(found, bits);
        EXPECT_EQ(looks, bits == 0 ? 2 : looks);
    }
}

}  // namespace
