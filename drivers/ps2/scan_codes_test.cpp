// SPDX-License-Identifier: MIT
#include "drivers/ps2/scan_codes.hpp"

#include <gtest/gtest.h>

namespace {

TEST(ScanCodes, PressAndRelease) {
    ps2::Decoder decoder;
    const auto pressed = decoder.byte(0x1e);
    ASSERT_TRUE(pressed);
    EXPECT_EQ(pressed->code, 0x04);
    EXPECT_EQ(pressed->pressed, 1);
    const auto released = decoder.byte(0x9e);
    ASSERT_TRUE(released);
    EXPECT_EQ(released->code, 0x04);
    EXPECT_EQ(released->pressed, 0);
}

TEST(ScanCodes, ExtendedKeys) {
    ps2::Decoder decoder;
    EXPECT_FALSE(decoder.byte(0xe0));
    EXPECT_EQ(decoder.byte(0x48)->code, 0x52);
    EXPECT_EQ(decoder.byte(0x48)->code, 0x60);  // without the prefix: keypad 8
}

TEST(ScanCodes, PauseIsSwallowedAndNonsenseToo) {
    ps2::Decoder decoder;
    for (const int value : {0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5, 0x7f, 0xff}) {
        EXPECT_FALSE(decoder.byte(static_cast<std::uint8_t>(value)));
    }
    EXPECT_EQ(decoder.byte(0x39)->code, 0x2c);
}

}  // namespace
