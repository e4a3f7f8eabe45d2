// SPDX-License-Identifier: MIT
#include "libs/freestanding/compare_bytes.hpp"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace {

int sign(int order) { return (order > 0) - (order < 0); }

// Each pair differs in one place at most, and in every place once; bytes above 127 are the large ones.
TEST(CompareBytesTest, OrdersAsMemcmpDoes) {
    for (std::size_t length = 0; length <= 40; ++length) {
        const std::string text(length, 'm');
        EXPECT_EQ(freestanding::compare_bytes(text.data(), text.data(), length), 0);
        for (std::size_t place = 0; place < length; ++place) {
            for (const char other : {'a', 'z', '\xff', '\0'}) {
                std::string changed = text;
                changed[place] = other;
                // What comes after the first difference must not matter.
                changed.back() = place + 1 == length ? other : '\x01';
                EXPECT_EQ(sign(freestanding::compare_bytes(text.data(), changed.data(), length)),
                          sign(std::memcmp(text.data(), changed.data(), length)))
                    << length << " bytes, different at " << place;
                EXPECT_EQ(sign(freestanding::compare_bytes(changed.data(), text.data(), length)),
                          sign(std::memcmp(changed.data(), text.data(), length)));
            }
        }
    }
}

}  // namespace
