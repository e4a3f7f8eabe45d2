// SPDX-License-Identifier: MIT
#include "libs/base/find_byte.hpp"

#include <string>

#include <gtest/gtest.h>

namespace {

std::size_t plainly(const std::string& text, std::size_t at, std::size_t end, char one,
                    char other) {
    while (at < end && text[at] != one && text[at] != other) {
        ++at;
    }
    return at;
}

TEST(FindByteTest, FindsWhatAPlainLoopFinds) {
    // Bytes next to the wanted ones in value are what the arithmetic could mistake for them.
    const std::string alphabet{"a/.0\0\x01\xff\x80\x2e\x30", 10};
    std::uint32_t random = 1;
    for (int round = 0; round < 20000; ++round) {
        std::string text;
        random = random * 1664525 + 1013904223;
        const std::size_t length = random >> 27;
        for (std::size_t i = 0; i < length; ++i) {
            random = random * 1664525 + 1013904223;
            text += alphabet[(random >> 16) % ((random >> 28) == 0 ? alphabet.size() : 1)];
        }
        for (std::size_t at = 0; at <= length; ++at) {
            EXPECT_EQ(base::find_byte(text.data(), at, length, '/', '\0'),
                      plainly(text, at, length, '/', '\0'));
            EXPECT_EQ(base::find_byte(text.data(), at, length, '.'),
                      plainly(text, at, length, '.', '.'));
        }
    }
}

}  // namespace
