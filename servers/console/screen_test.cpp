// SPDX-License-Identifier: MIT
#include "servers/console/screen.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using console::Screen;

class ScreenTest : public testing::Test {
protected:
    // A row as ASCII, trailing blanks removed.
    std::string row(std::uint32_t number) {
        std::string text;
        for (std::uint32_t column = 0; column < screen.columns(); ++column) {
            text += static_cast<char>(screen.seen(number, column).character);
        }
        return text.substr(0, text.find_last_not_of(' ') + 1);
    }
    Screen screen{10, 4};
};

TEST_F(ScreenTest, TextWrapsAndScrolls) {
    screen.write("0123456789ab\r\nc\r\nd\r\ne");
    EXPECT_EQ(row(0), "ab");
    EXPECT_EQ(row(3), "e");
    screen.scroll_view(1);
    EXPECT_EQ(row(0), "0123456789");
    screen.scroll_view(-1);
    EXPECT_EQ(row(0), "ab");
}

TEST_F(ScreenTest, TheLastColumnWrapsOnlyWithTheNextCharacter) {
    screen.write("0123456789\r\nx");
    EXPECT_EQ(row(0), "0123456789");
    EXPECT_EQ(row(1), "x");
}

TEST_F(ScreenTest, CursorMovesAndErases) {
    screen.write("abcdef\x1b[3D\x1b[K");
    EXPECT_EQ(row(0), "abc");
    screen.write("\x1b[2;3Hxy\x1b[1;1H\x1b[1P");
    EXPECT_EQ(row(0), "bc");
    EXPECT_EQ(row(1), "  xy");
    screen.write("\x1b[2J");
    EXPECT_EQ(row(1), "");
}

TEST_F(ScreenTest, HugeParametersDoNoHarm) {
    screen.write("\x1b[99999999999;99999999999Hx\x1b[99999999A\x1b[999999L\x1b[999999@\x1b[99999P");
    EXPECT_EQ(screen.seen(3, 9).character, U' ');
}

TEST_F(ScreenTest, ScrollRegionAndInsertedLines) {
    screen.write("a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\n");
    EXPECT_EQ(row(0), "a");
    EXPECT_EQ(row(1), "c");
    EXPECT_EQ(row(2), "");
    EXPECT_EQ(row(3), "d");
    screen.write("\x1b[2;1H\x1b[L");
    EXPECT_EQ(row(1), "");
    EXPECT_EQ(row(2), "c");
}

TEST_F(ScreenTest, AlternateScreenLeavesTheMainOneAlone) {
    screen.write("shell\x1b[?1049hvi\x1b[?1049l");
    EXPECT_EQ(row(0), "shell");
}

TEST_F(ScreenTest, ColoursAndStyles) {
    screen.write("\x1b[1;31ma\x1b[38;5;196mb\x1b[48;2;1;2;3mc\x1b[0md");
    EXPECT_TRUE(screen.seen(0, 0).style.has(console::Attribute::bold));
    EXPECT_EQ(screen.seen(0, 0).style.foreground, 0xff0000U);
    EXPECT_EQ(screen.seen(0, 1).style.foreground, 0xff0000U);
    EXPECT_EQ(screen.seen(0, 2).style.background, 0x010203U);
    EXPECT_EQ(screen.seen(0, 3).style, console::Style{});
}

TEST_F(ScreenTest, Utf8AndMalformedUtf8) {
    screen.write("\xc3\xa4\xe2\x82\xac|\xc3|\xff\xed\xa0\x80");
    EXPECT_EQ(screen.seen(0, 0).character, U'\u00e4');
    EXPECT_EQ(screen.seen(0, 1).character, U'\u20ac');
    EXPECT_EQ(screen.seen(0, 2).character, U'|');
    EXPECT_EQ(screen.seen(0, 3).character, U'\ufffd');
    EXPECT_EQ(screen.seen(0, 4).character, U'|');
    EXPECT_EQ(screen.seen(0, 5).character, U'\ufffd');
}

TEST_F(ScreenTest, TitlesAreSwallowed) {
    screen.write(
        "\x1b]0;title\a"
        "x\x1b]2;t\x1b\\y");
    EXPECT_EQ(row(0), "xy");
}

TEST_F(ScreenTest, TheCursorIsShownInverted) {
    screen.write("a");
    EXPECT_TRUE(screen.seen(0, 1).style.has(console::Attribute::inverse));
    screen.write("\x1b[?25l");
    EXPECT_FALSE(screen.seen(0, 1).style.has(console::Attribute::inverse));
}

}  // namespace
