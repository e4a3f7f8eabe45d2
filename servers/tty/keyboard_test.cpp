// SPDX-License-Identifier: MIT
#include "servers/tty/keyboard.hpp"

#include <gtest/gtest.h>

namespace {

using tty::Keyboard;

constexpr std::uint16_t left_control = 0xe0;
constexpr std::uint16_t left_shift = 0xe1;
constexpr std::uint16_t left_alt = 0xe2;

class KeyboardTest : public testing::Test {
protected:
    std::string press(std::uint16_t code) { return std::string(keyboard.key(code, true).text); }
    Keyboard keyboard;
};

TEST_F(KeyboardTest, LettersDigitsAndPunctuation) {
    EXPECT_EQ(press(0x04), "a");
    EXPECT_EQ(press(0x1d), "z");
    EXPECT_EQ(press(0x27), "0");
    EXPECT_EQ(press(0x28), "\r");
    EXPECT_EQ(press(0x2a), "\x7f");
    EXPECT_EQ(press(0x2c), " ");
    EXPECT_EQ(press(0x2d), "-");
    EXPECT_EQ(press(0x33), ";");
    EXPECT_EQ(press(0x38), "/");
}

TEST_F(KeyboardTest, ShiftAndCapsLock) {
    keyboard.key(left_shift, true);
    EXPECT_EQ(press(0x04), "A");
    EXPECT_EQ(press(0x1e), "!");
    EXPECT_EQ(press(0x33), ":");
    keyboard.key(left_shift, false);
    keyboard.key(0x39, true);
    EXPECT_EQ(press(0x04), "A");
    EXPECT_EQ(press(0x1e), "1");
}

TEST_F(KeyboardTest, ControlAndAlt) {
    keyboard.key(left_control, true);
    EXPECT_EQ(press(0x06), "\x03");
    keyboard.key(left_control, false);
    keyboard.key(left_alt, true);
    EXPECT_EQ(press(0x05),
              "\x1b"
              "b");
    const auto event = keyboard.key(0x3b, true);
    EXPECT_EQ(event.action, Keyboard::Action::show_terminal);
    EXPECT_EQ(event.number, 2);
}

// The sequences that terminfo has for xterm-256color (infocmp: kcuu1, kf1, kLFT, ...).
TEST_F(KeyboardTest, SpecialKeysAsTerminfoSays) {
    EXPECT_EQ(keyboard.key(0x52, true, true).text, "\x1bOA");
    EXPECT_EQ(keyboard.key(0x4a, true, true).text, "\x1bOH");
    EXPECT_EQ(press(0x3a), "\x1bOP");
    EXPECT_EQ(press(0x45), "\x1b[24~");
    EXPECT_EQ(press(0x4c), "\x1b[3~");
    keyboard.key(left_shift, true);
    EXPECT_EQ(press(0x2b), "\x1b[Z");
    EXPECT_EQ(keyboard.key(0x50, true, true).text, "\x1b[1;2D");
    EXPECT_EQ(press(0x3a), "\x1b[1;2P");
    EXPECT_EQ(press(0x4c), "\x1b[3;2~");
    keyboard.key(left_control, true);
    EXPECT_EQ(press(0x41), "\x1b[19;6~");
    keyboard.key(left_shift, false);
    keyboard.key(left_control, false);
    EXPECT_EQ(press(0x2b), "\t");
}

TEST_F(KeyboardTest, ControlAltDelete) {
    keyboard.key(left_control, true);
    keyboard.key(left_alt, true);
    EXPECT_EQ(keyboard.key(0x4c, true).action, Keyboard::Action::restart_machine);
}

TEST_F(KeyboardTest, ArrowsAndReleases) {
    EXPECT_EQ(press(0x52), "\x1b[A");
    EXPECT_EQ(keyboard.key(0x52, false).action, Keyboard::Action::none);
    EXPECT_EQ(keyboard.key(0xffff, true).action, Keyboard::Action::none);
}

}  // namespace
