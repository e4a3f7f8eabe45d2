// SPDX-License-Identifier: MIT
#include "servers/tty/line_discipline.hpp"

#include <gtest/gtest.h>

namespace {

class Recorder final : public tty::LineDiscipline::Host {
public:
    void transmit(std::string_view bytes) override { out += bytes; }
    void discard() override { out.clear(); }
    void signal(std::uint32_t number) override { signals.push_back(number); }
    void input_dropped() override { news += 'd'; }
    void output_stops(bool stops) override { news += stops ? 's' : 'g'; }

    std::string out, news;
    std::vector<std::uint32_t> signals;
};

class LineDisciplineTest : public testing::Test {
protected:
    void raw() {
        tty::Settings settings = discipline.settings();
        settings.local &=
            ~(tty::LocalFlags::canonical | tty::LocalFlags::echo | tty::LocalFlags::signals);
        discipline.set(settings);
    }
    Recorder host;
    tty::LineDiscipline discipline{host};
};

TEST_F(LineDisciplineTest, GivesWholeLinesOnly) {
    discipline.receive("ab");
    EXPECT_FALSE(discipline.readable());
    discipline.receive("c\rd");
    EXPECT_TRUE(discipline.readable());
    EXPECT_EQ(discipline.read(100), "abc\n");
    EXPECT_FALSE(discipline.readable());
    EXPECT_EQ(host.out, "abc\r\nd");
}

TEST_F(LineDisciplineTest, ALineCanBeReadInPieces) {
    discipline.receive("abcdef\nxy\n");
    EXPECT_EQ(discipline.read(4), "abcd");
    EXPECT_EQ(discipline.read(100), "ef\n");
    EXPECT_EQ(discipline.read(100), "xy\n");
}

TEST_F(LineDisciplineTest, ErasesCharactersWordsAndLines) {
    discipline.receive("helli\x7fo wrong words\x17\x17world\n");
    EXPECT_EQ(discipline.read(100), "hello world\n");
    discipline.receive("nonsense\x15yes\n");
    EXPECT_EQ(discipline.read(100), "yes\n");
}

TEST_F(LineDisciplineTest, ErasesWholeUtf8Characters) {
    discipline.receive("a\xc3\xa4\x7f\x62\n");
    EXPECT_EQ(discipline.read(100), "ab\n");
}

TEST_F(LineDisciplineTest, EndOfInput) {
    discipline.receive("\x04");
    EXPECT_TRUE(discipline.readable());
    EXPECT_EQ(discipline.read(100), "");
    EXPECT_FALSE(discipline.readable());
    discipline.receive("part\x04");
    EXPECT_EQ(discipline.read(100), "part");
}

TEST_F(LineDisciplineTest, ControlCharactersSendSignalsAndFlush) {
    discipline.receive("abc\x03");
    EXPECT_EQ(host.out, "^C");
    discipline.receive("\x1a");
    discipline.receive("\x1c");
    EXPECT_EQ(host.signals, (std::vector<std::uint32_t>{2, 20, 3}));
    discipline.receive("d\n");
    EXPECT_EQ(discipline.read(100), "d\n");
}

TEST_F(LineDisciplineTest, LiteralCharacterTakesTheNextAsItIs) {
    discipline.receive("\x16\x03\n");
    EXPECT_EQ(discipline.read(100), "\x03\n");
    EXPECT_TRUE(host.signals.empty());
}

TEST_F(LineDisciplineTest, RawModeGivesEachByte) {
    raw();
    discipline.receive("\x03x");
    EXPECT_EQ(discipline.read(100), "\x03x");
    EXPECT_EQ(host.out, "");
}

TEST_F(LineDisciplineTest, AnEditedLineBecomesReadableInRawMode) {
    discipline.receive("abc");
    raw();
    EXPECT_EQ(discipline.read(100), "abc");
}

TEST_F(LineDisciplineTest, StopAndStartHoldTheOutput) {
    discipline.receive("\x13");
    discipline.write("held");
    EXPECT_EQ(host.out, "");
    discipline.receive("\x11");
    EXPECT_EQ(host.out, "held");
}

// What tests/linux/fd_lines.c cannot compare with Linux, which hands output on in its own time.
TEST_F(LineDisciplineTest, ASignalDropsTheOutputThatNobodyHasSeen) {
    discipline.write("unseen");
    discipline.receive("\x13more\x03");
    EXPECT_EQ(host.out, "^C");
    EXPECT_FALSE(discipline.output_stopped());
}

TEST_F(LineDisciplineTest, WhatIsEchoedWhileStoppedIsKeptWithinALimit) {
    discipline.receive("\x13");
    for (int i = 0; i < 10; ++i) {
        discipline.receive(std::string(1000, 'x') + "\x15");
    }
    discipline.receive("\x11");
    EXPECT_EQ(host.out.size(), tty::LineDiscipline::held_limit);
}

TEST_F(LineDisciplineTest, AFullLineRingsOnlyWhereThatIsWanted) {
    constexpr std::size_t most = tty::LineDiscipline::input_limit - 1;
    discipline.receive(std::string(most, 'x'));
    host.out.clear();
    discipline.receive("y");
    EXPECT_EQ(host.out, "");
    tty::Settings settings = discipline.settings();
    settings.input |= tty::InputFlags::bell_when_full;
    discipline.set(settings);
    discipline.receive("y");
    EXPECT_EQ(host.out, "\a");
}

TEST_F(LineDisciplineTest, OutputProcessing) {
    discipline.write("a\nb");
    EXPECT_EQ(host.out, "a\r\nb");
}

TEST_F(LineDisciplineTest, AnEndlessLineIsCutAndStaysUsable) {
    discipline.receive(std::string(100000, 'x'));
    discipline.receive("\n");
    EXPECT_EQ(discipline.read(100000).size(), tty::LineDiscipline::input_limit);
}

// Who sends more than that must wait, but never for a line that cannot be completed.
TEST_F(LineDisciplineTest, RoomForInput) {
    constexpr std::size_t most = tty::LineDiscipline::input_limit - 1;
    EXPECT_EQ(discipline.room(), most);
    discipline.receive(std::string(most - 3, 'x'));
    EXPECT_EQ(discipline.room(), 3U);
    discipline.receive("xxx");
    EXPECT_EQ(discipline.room(), 1U);
    discipline.receive("\n");
    EXPECT_EQ(discipline.room(), 0U);
    (void)discipline.read(100);
    EXPECT_EQ(discipline.room(), 99U);  // the line feed was one too many
    raw();
    discipline.receive(std::string(99, 'x'));
    EXPECT_EQ(discipline.room(), 0U);
}

// For whom must what came before not be in the way?
TEST_F(LineDisciplineTest, WhatDropsTheInputIsFound) {
    constexpr std::size_t none = std::string_view::npos;
    EXPECT_EQ(discipline.last_that_drops("abc\n"), none);
    EXPECT_EQ(discipline.last_that_drops("a\x03"
                                         "b\x1a"
                                         "c\n"),
              3U);
    EXPECT_EQ(discipline.last_that_drops("\x1c\x16\x03"), 0U);  // Ctrl-V before Ctrl-C
    tty::Settings settings = discipline.settings();
    settings.local |= tty::LocalFlags::no_flush;
    discipline.set(settings);
    EXPECT_EQ(discipline.last_that_drops("\x03"), none);
    raw();
    EXPECT_EQ(discipline.last_that_drops("\x03"), none);
}

TEST_F(LineDisciplineTest, TellsOfStopsOnceAndOfWhatIsDropped) {
    discipline.receive("\x13\x13");
    discipline.stop_output();
    EXPECT_EQ(host.news, "s");
    discipline.receive("\x11");  // not enough: a program has stopped it, too
    EXPECT_EQ(host.news, "s");
    discipline.start_output();
    discipline.start_output();
    EXPECT_EQ(host.news, "sg");
    discipline.receive("a\x03");
    EXPECT_EQ(host.news, "sgd");
    // Without the characters that start it, nobody could.
    discipline.receive("\x13");
    tty::Settings settings = discipline.settings();
    settings.input &= ~tty::InputFlags::flow_output;
    discipline.set(settings);
    EXPECT_EQ(host.news, "sgdsg");
    EXPECT_FALSE(discipline.output_stopped());
}

TEST_F(LineDisciplineTest, UndeliveredBytesComeBack) {
    discipline.receive("abc\n");
    const std::string line = discipline.read(100);
    discipline.unread(line);
    EXPECT_EQ(discipline.read(100), "abc\n");
}

}  // namespace
