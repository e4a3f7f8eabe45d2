// SPDX-License-Identifier: MIT
#include "servers/tty/layout.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "servers/tty/keyboard.hpp"

namespace tty {
namespace {

constexpr std::string_view german =
    "# some of it\n"
    "key 1c 7a 5a 2190 a5\n"
    "key 1d 79 59\n"
    "key 14 71 51 40\n"
    "key 2d df 3f 5c\n"
    "key 2e *b4 *60\n"
    "key 34 e4 c4 *5e\n"
    "key 64 3c 3e 7c\n"
    "key 9 66 46 1f600\n"
    "compose b4 65 e9 45 c9\n"
    "\n"
    "compose 60 65 e8";

constexpr std::uint16_t left_control = 0xe0, left_shift = 0xe1, left_alt = 0xe2, right_alt = 0xe6;

class LayoutTest : public testing::Test {
protected:
    void SetUp() override {
        const auto layout = Layout::parse(german);
        ASSERT_TRUE(layout);
        keyboard.set_layout(*layout);
    }
    std::string press(std::uint16_t code) { return std::string(keyboard.key(code, true).text); }
    std::string with(std::uint16_t modifier, std::uint16_t code) {
        keyboard.key(modifier, true);
        const std::string text = press(code);
        keyboard.key(modifier, false);
        return text;
    }
    Keyboard keyboard;
};

TEST_F(LayoutTest, CharactersOfEachLevel) {
    EXPECT_EQ(press(0x1c) + press(0x1d), "zy");
    EXPECT_EQ(press(0x2d) + with(left_shift, 0x2d) + with(right_alt, 0x2d), "\xc3\x9f?\\");
    EXPECT_EQ(press(0x64) + with(left_shift, 0x64) + with(right_alt, 0x64), "<>|");
    EXPECT_EQ(with(right_alt, 0x14), "@");
    EXPECT_EQ(with(right_alt, 0x1c), "\xe2\x86\x90");
    EXPECT_EQ(with(right_alt, 0x09), "\xf0\x9f\x98\x80");
    EXPECT_EQ(with(right_alt, 0x1d), "") << "it has nothing there";
    EXPECT_EQ(press(0x04), "a") << "what the text does not name is as in the US layout";
    EXPECT_EQ(press(0x28), "\r");
}

TEST_F(LayoutTest, ModifiersGoByTheCharacter) {
    EXPECT_EQ(with(left_control, 0x1c), "\x1a");
    EXPECT_EQ(with(left_alt, 0x1c), "\x1bz");
    keyboard.key(0x39, true);  // caps lock
    EXPECT_EQ(press(0x34) + press(0x1c) + press(0x2d), "\xc3\x84Z\xc3\x9f");
    EXPECT_EQ(with(left_shift, 0x34), "\xc3\xa4");
}

TEST_F(LayoutTest, DeadKeysWaitForTheNext) {
    EXPECT_EQ(press(0x2e), "");
    EXPECT_EQ(press(0x08), "\xc3\xa9");
    press(0x2e);
    EXPECT_EQ(with(left_shift, 0x08), "\xc3\x89");
    press(0x2e);
    EXPECT_EQ(press(0x14), "\xc2\xb4q") << "what does not go together";
    press(0x2e);
    EXPECT_EQ(press(0x2c), "\xc2\xb4");
    press(0x2e);
    EXPECT_EQ(press(0x2e), "\xc2\xb4");
    press(0x2e);
    EXPECT_EQ(press(0x2a), "\x7f") << "it can be taken back";
    EXPECT_EQ(press(0x08), "e");
}

TEST(Layout, WithoutAltGrTheRightAltIsAnAlt) {
    Keyboard keyboard;
    keyboard.key(right_alt, true);
    EXPECT_EQ(keyboard.key(0x05, true).text,
              "\x1b"
              "b");
    EXPECT_EQ(keyboard.key(0x3b, true).action, Keyboard::Action::show_terminal);
}

TEST(Layout, MistakesAreRefused) {
    EXPECT_TRUE(Layout::parse(""));
    for (const char* wrong : {"k",
                              "key",
                              "key 4",
                              "key 28 41",
                              "key 2c 41",
                              "key 65 41",
                              "key 3 41",
                              "key 39 41",
                              "key 4 x",
                              "key 4 41 42 43 44 45",
                              "key 4 7f",
                              "key 4 1b",
                              "key 4 9b",
                              "key 4 d800",
                              "key 4 110000",
                              "key 4 *",
                              "key 4 100000000",
                              "key 4 -1",
                              "compose",
                              "compose 60 65",
                              "compose 60 65 1b",
                              "compose 0 65 66",
                              "key 4 41\r\n",
                              "# a\nlock"}) {
        EXPECT_FALSE(Layout::parse(wrong)) << wrong;
    }
    EXPECT_TRUE(Layout::parse("#" + std::string(Layout::longest - 1, 'x')));
    EXPECT_FALSE(Layout::parse("#" + std::string(Layout::longest, 'x')));
}

TEST(Layout, DamagedTextsAreSurvived) {
    std::mt19937 random{5};
    for (int round = 0; round < 20'000; ++round) {
        std::string text(german);
        for (int i = 0; i < 3; ++i) text[random() % text.size()] = static_cast<char>(random());
        const auto layout = Layout::parse(text);
        if (!layout) continue;
        for (std::uint16_t usage = 0; usage < 0x100; ++usage) {
            const char32_t code = layout->at(usage, (usage & 1) != 0, (usage & 2) != 0).code;
            EXPECT_TRUE(code <= 0x10ffff && (code < 0xd800 || code > 0xdfff));
        }
    }
}

}  // namespace
}  // namespace tty
