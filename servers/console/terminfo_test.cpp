// SPDX-License-Identifier: MIT
// What terminfo says of xterm-256color, capability by capability (names as in terminfo(5)), beside what screen_test.cpp tries.
#include <gtest/gtest.h>

#include <string>

#include "servers/console/screen.hpp"
#include "servers/console/width.hpp"

namespace {

using console::Attribute;
using console::Cell;
using console::Screen;
using console::Style;

class TerminfoTest : public testing::Test {
protected:
    std::u32string row(std::uint32_t number) {
        std::u32string text;
        for (std::uint32_t column = 0; column < screen.columns(); ++column) {
            text += screen.seen(number, column).character;
        }
        return text.substr(0, text.find_last_not_of(U' ') + 1);
    }
    std::string asked(std::string_view question) {
        screen.write(question);
        return screen.take_answers();
    }
    // Where the cursor is: u7, u6.
    std::string place() { return asked("\x1b[6n").substr(2); }
    Style style(std::string_view sequence) {
        screen.write("\x1b[H");
        screen.write(sequence);
        screen.write("x");
        return screen.seen(0, 0).style;
    }
    Screen screen{20, 6};
};

TEST_F(TerminfoTest, ScrollRegion_csr_ind_ri) {
    screen.write("a\r\nb\r\nc\r\nd\r\ne\r\nf\x1b[2;4r");
    EXPECT_EQ(place(), "1;1R");
    screen.write("\x1b[4;1H\n\x1b[2;1H\x1bM");
    EXPECT_EQ(row(0) + row(1) + row(2) + row(3) + row(4) + row(5), U"acdef");
    EXPECT_EQ(row(1), U"");
    EXPECT_EQ(row(2), U"c");
}

TEST_F(TerminfoTest, CursorStopsAtTheRegion_cuu_cud) {
    screen.write("\x1b[2;4r\x1b[3;1H\x1b[9A");
    EXPECT_EQ(place(), "2;1R");
    screen.write("\x1b[9B");
    EXPECT_EQ(place(), "4;1R");
    screen.write("\x1b[6;1H\x1b[9A");
    EXPECT_EQ(place(), "2;1R");
    screen.write("\x1b[1;5H\x1b[9B");
    EXPECT_EQ(place(), "4;5R");
}

TEST_F(TerminfoTest, OriginMode) {
    screen.write("\x1b[3;5r\x1b[?6hx\x1b[99;1Hy");
    EXPECT_EQ(row(2), U"x");
    EXPECT_EQ(row(4), U"y");
    EXPECT_EQ(place(), "3;2R");
    screen.write("\x1b[2d\x1b[?6l");
    EXPECT_EQ(place(), "1;1R");
}

TEST_F(TerminfoTest, SideMargins_smglr_smglp_mgc) {
    screen.write("abcdefgh\x1b[?69h\x1b[3;6s");
    EXPECT_EQ(place(), "1;1R");
    screen.write("\x1b[2;3H12345\r6");
    EXPECT_EQ(row(1), U"  1234") << "a line ends at the right margin";
    EXPECT_EQ(row(2), U"  6") << "and the next begins at the left one, where \\r leads as well";
    EXPECT_EQ(place(), "3;4R");
    screen.write("\x1b[9D");
    EXPECT_EQ(place(), "3;3R");
    screen.write("\b\x1b[9C\t");
    EXPECT_EQ(place(), "3;6R");
    screen.write("\x1b[1;8H\r\x1b[9C\t");
    EXPECT_EQ(place(), "1;6R") << "from outside the left margin is reached, too";
    screen.write("\x1b[5s\x1b[6;1Hout\nx");
    EXPECT_EQ(row(0), U"abcdefgh") << "nothing scrolls for who is outside";
    screen.write("\x1b[?69l\x1b[1;20H\x1b[20D");
    EXPECT_EQ(place(), "1;1R");
    screen.write("\x1b[3;6s\x1b[2;2H\x1b[u");
    EXPECT_EQ(place(), "1;1R") << "without the mode it keeps the cursor";
}

TEST_F(TerminfoTest, WhatIsBetweenSideMarginsMovesAlone) {
    screen.write("aBBa\r\nbCCb\r\ncDDc\x1b[1;3r\x1b[?69h\x1b[2;3s\x1b[3;2H\n");
    EXPECT_EQ(row(0) + row(1) + row(2), U"aCCabDDbc  c");
    screen.write("\x1b[1;2H\x1bM");
    EXPECT_EQ(row(0) + row(1) + row(2), U"a  abCCbcDDc");
    screen.write("\x1b[1;3H\x1b[M");
    EXPECT_EQ(place(), "1;2R");
    EXPECT_EQ(row(0) + row(1) + row(2), U"aCCabDDbc  c");
    screen.write("\x1b[2L\x1b[2;2Hxy\x1b[2;2H\x1b[P\x1b[3;2Hvw\x1b[3;2H\x1b[@");
    EXPECT_EQ(row(0) + row(1) + row(2), U"a  aby bc vc");
    screen.write("\x1b[1;4H\x1b[P\x1b[M\x1b[4hxyz\x1b[4l");
    EXPECT_EQ(row(0).substr(0, 3), U"a  ") << "outside nothing is moved";
    screen.write("\x1b[?6h\x1b[9;9H");
    EXPECT_EQ(place(), "3;2R");
    screen.scroll_view(100);
    EXPECT_EQ(row(0).substr(0, 3), U"a  ") << "parts of lines are not history";
}

TEST_F(TerminfoTest, HalfOfAWideCharacterDoesNotStayAtAMargin) {
    screen.write("\xe4\xb8\xad\xe4\xb8\xad\x1b[?69h\x1b[2;3s\x1b[1;2H\x1b[M");
    EXPECT_EQ(row(0), U"");
    screen.write("\x1b[2;1H\xe4\xb8\xad\x1b[?69l\x1b[2;2H\x1b[K");
    EXPECT_EQ(row(1), U"");
}

TEST_F(TerminfoTest, LinesAreInsertedAndDeleted_il_dl) {
    screen.write("a\r\nb\r\nc\x1b[2;2H\x1b[2L");
    EXPECT_EQ(place(), "2;1R");
    EXPECT_EQ(row(3), U"b");
    screen.write("\x1b[M\x1b[1;3H\x1b[M");
    EXPECT_EQ(row(1), U"b");
    EXPECT_EQ(place(), "1;1R");
}

TEST_F(TerminfoTest, Scrolling_indn_rin) {
    screen.write("a\r\nb\r\nc\x1b[2S");
    EXPECT_EQ(row(0), U"c");
    screen.write("\x1b[3T");
    EXPECT_EQ(row(3), U"c");
}

TEST_F(TerminfoTest, CharactersAreInsertedDeletedErased_ich_dch_ech_smir) {
    screen.write("abcdef\x1b[1;3H\x1b[2@");
    EXPECT_EQ(row(0), U"ab  cdef");
    screen.write("\x1b[3P\x1b[2X");
    EXPECT_EQ(row(0), U"ab  f");
    screen.write("\x1b[4hxy\x1b[4lz");
    EXPECT_EQ(row(0), U"abxyz f");
}

TEST_F(TerminfoTest, ErasedWithTheBackground_bce) {
    screen.write("\x1b[41m\x1b[2;2H\x1b[K\x1b[1K\x1b[6;1H\n");
    EXPECT_EQ(screen.seen(0, 0).style.background, 0xcd0000U);
    EXPECT_EQ(screen.seen(5, 9).style.background, 0xcd0000U);
    screen.write("\x1b[m\x1b[H\x1b[2J");
    EXPECT_EQ(screen.seen(1, 1), Cell{});
}

TEST_F(TerminfoTest, Tabs_ht_cbt_hts_tbc) {
    screen.write("\tx\x1b[2Z");
    EXPECT_EQ(place(), "1;1R");
    screen.write("\x1b[4G\x1bH\r\t");
    EXPECT_EQ(place(), "1;4R");
    screen.write("\x1b[g\r\t");
    EXPECT_EQ(place(), "1;9R");
    screen.write("\x1b[2I");
    EXPECT_EQ(place(), "1;20R");
    screen.write("\x1b[3g\r\t");
    EXPECT_EQ(place(), "1;20R");
    screen.write("\x1b[Z");
    EXPECT_EQ(place(), "1;1R");
    screen.write(
        "\x1b"
        "c\t");
    EXPECT_EQ(place(), "1;9R");
}

TEST_F(TerminfoTest, Repeat_rep) {
    screen.write("ab\x1b[3bc");
    EXPECT_EQ(row(0), U"abbbbc");
    screen.write(
        "\x1b"
        "c\x1b[99999999b");
}

TEST_F(TerminfoTest, LineDrawing_smacs_acsc) {
    screen.write("\x1b(0lqk~\x1b(Blq\x1b)0\x0ex\x0fx");
    EXPECT_EQ(row(0), U"\u250c\u2500\u2510\u00b7lq\u2502x");
    screen.write(
        "\r\x1b(0\x1b"
        "7\x1b(Bq\x1b"
        "8q");
    EXPECT_EQ(screen.seen(0, 0).character, U'\u2500');
}

TEST_F(TerminfoTest, Wrapping_am_xenl_smam) {
    screen.write(std::string(20, 'x'));
    EXPECT_EQ(place(), "1;20R");
    screen.write("\b!\r\ny");
    EXPECT_EQ(screen.seen(0, 18).character, U'!');
    screen.write("\x1b[?7l\x1b[3;18Habcdef\x1b[?7h");
    EXPECT_EQ(row(2).substr(17), U"abf");
    EXPECT_EQ(row(3), U"");
}

TEST_F(TerminfoTest, Attributes_sgr) {
    EXPECT_EQ(style("\x1b[0;1m").attributes, Attribute::bold);
    EXPECT_EQ(style("\x1b[0;1m").foreground, 0xffffffU);
    EXPECT_EQ(style("\x1b[0;3m").attributes, Attribute::italic);
    EXPECT_EQ(style("\x1b[0;4m").attributes, Attribute::underline);
    EXPECT_EQ(style("\x1b[0;4:3m").attributes, Attribute::underline);
    EXPECT_EQ(style("\x1b[4:0m").attributes, 0);
    EXPECT_EQ(style("\x1b[0;7m").attributes, Attribute::inverse);
    EXPECT_EQ(style("\x1b[0;9m").attributes, Attribute::struck);
    EXPECT_EQ(style("\x1b[1;2;3;4;7;9;22;23;24;27;29m").attributes, 0);
    EXPECT_EQ(style("\x1b[0;2;38;2;200;100;50m").foreground, 0x643219U);
    style("\x1b[0;8m");
    EXPECT_EQ(screen.seen(0, 0).character, U' ');
}

TEST_F(TerminfoTest, Colours_setaf_setab_op) {
    EXPECT_EQ(style("\x1b[0;31m").foreground, 0xcd0000U);
    EXPECT_EQ(style("\x1b[1m").foreground, 0xff0000U) << "bold after the colour, too";
    EXPECT_EQ(style("\x1b[22m").foreground, 0xcd0000U);
    EXPECT_EQ(style("\x1b[93;104m").foreground, 0xffff00U);
    EXPECT_EQ(style("\x1b[104m").background, 0x7c7cffU);
    EXPECT_EQ(style("\x1b[38;5;231m").foreground, 0xffffffU);
    EXPECT_EQ(style("\x1b[48;5;16m").background, 0U);
    EXPECT_EQ(style("\x1b[38:2::1:2:3m").foreground, 0x010203U);
    EXPECT_EQ(style("\x1b[38:2:1:2:3;48:5:255m").foreground, 0x010203U);
    EXPECT_EQ(style("").background, 0xeeeeeeU);
    EXPECT_EQ(style("\x1b[39;49m"), Style{});
}

TEST_F(TerminfoTest, ColoursCanBeChanged_initc_oc) {
    screen.write("\x1b]4;1;rgb:12/34/56;2;rgb:ffff/0000/8080\x1b\\");
    EXPECT_EQ(style("\x1b[31m").foreground, 0x123456U);
    EXPECT_EQ(style("\x1b[32m").foreground, 0xff0080U);
    screen.write("\x1b]104;1\a");
    EXPECT_EQ(style("\x1b[31m").foreground, 0xcd0000U);
    EXPECT_EQ(style("\x1b[32m").foreground, 0xff0080U);
    screen.write("\x1b]104\a\x1b]4;3;nonsense\a\x1b]4;\a\x1b]4\a\x1b]4;999;rgb:0/0/0\a");
    EXPECT_EQ(style("\x1b[32m").foreground, 0x00cd00U);
    EXPECT_EQ(style("\x1b[33m").foreground, 0xcdcd00U);
}

TEST_F(TerminfoTest, TheWholeScreenInverse_flash) {
    screen.write("x\x1b[?5h");
    EXPECT_TRUE(screen.seen(0, 0).style.has(Attribute::inverse));
    EXPECT_FALSE(screen.seen(0, 1).style.has(Attribute::inverse)) << "the cursor";
    screen.write("\x1b[?5l");
    EXPECT_FALSE(screen.seen(0, 0).style.has(Attribute::inverse));
}

TEST_F(TerminfoTest, CursorIsSavedWithAllThatBelongsToIt_sc_rc) {
    screen.write(
        "\x1b[3;4H\x1b[31m\x1b"
        "7\x1b[m\x1b[Hx\x1b"
        "8y");
    EXPECT_EQ(place(), "3;5R");
    EXPECT_EQ(screen.seen(2, 3).style.foreground, 0xcd0000U);
}

TEST_F(TerminfoTest, AlternateScreen_smcup_rmcup) {
    screen.write("main\x1b[?1049h\x1b[22;0;0t\x1b[Hother\n\n\n\n\n\n\n\n");
    screen.scroll_view(1);
    EXPECT_EQ(row(0), U"") << "it has no scrollback";
    screen.write("\x1b[?1049l\x1b[23;0;0t");
    EXPECT_EQ(row(0), U"main");
    EXPECT_EQ(place(), "1;5R");
}

TEST_F(TerminfoTest, Reset_is2_rs1) {
    screen.write(
        "\x1b[?6h\x1b[2;3r\x1b[4h\x1b[31m\x1b(0\x1b[?25l\x1b[?1h\x1b[!p\x1b[?3;4l\x1b[4l\x1b>");
    EXPECT_FALSE(screen.application_cursor());
    screen.write("\x1b[6;1Hq");
    EXPECT_EQ(row(5), U"q");
    EXPECT_EQ(screen.seen(5, 0).style, Style{});
    EXPECT_TRUE(screen.seen(5, 1).style.has(Attribute::inverse));
    screen.write(
        "\x1b"
        "c\x1b]104\a");
    EXPECT_EQ(row(5), U"");
    EXPECT_EQ(place(), "1;1R");
}

TEST_F(TerminfoTest, ApplicationCursorKeys_smkx_rmkx) {
    EXPECT_FALSE(screen.application_cursor());
    screen.write("\x1b[?1h\x1b=");
    EXPECT_TRUE(screen.application_cursor());
    screen.write("\x1b[?1l\x1b>");
    EXPECT_FALSE(screen.application_cursor());
}

TEST_F(TerminfoTest, Answers_u6_u8) {
    EXPECT_EQ(asked("\x1b[5n"), "\x1b[0n");
    EXPECT_EQ(asked("\x1b[c"), "\x1b[?62;22c");
    EXPECT_EQ(asked("\x1b[>c"), "\x1b[>1;0;0c");
    EXPECT_EQ(asked("\x1b[18t"), "\x1b[8;6;20t");
    EXPECT_EQ(asked("\x1b[?6n"), "\x1b[?1;1R");
    std::string flood;
    for (int i = 0; i < 10000; ++i) {
        flood += "\x1b[c\x1b[6n";
    }
    EXPECT_LE(asked(flood).size(), Screen::most_answered);
}

TEST_F(TerminfoTest, Scrollback) {
    for (int i = 0; i < 30; ++i) {
        screen.write("\r\n" + std::to_string(i));
    }
    screen.scroll_view(2);
    EXPECT_EQ(row(0), U"18");
    screen.scroll_view(100);
    EXPECT_EQ(row(0), U"") << "the very first line";
    EXPECT_EQ(row(1), U"0");
    screen.scroll_view(-1);
    EXPECT_EQ(row(0), U"2");
    screen.write("x");
    EXPECT_EQ(row(5), U"29x");
    screen.write("\x1b[3J");
    screen.scroll_view(100);
    EXPECT_EQ(row(5), U"29x");
}

TEST_F(TerminfoTest, WideAndCombiningCharacters) {
    screen.write(
        "a\xe4\xb8\xad"
        "b");
    EXPECT_EQ(row(0), U"a\u4e2d b");
    EXPECT_EQ(place(), "1;5R");
    screen.write("\x1b[1;3Hx");
    EXPECT_EQ(row(0), U"a xb");
    screen.write("\r\x1b[1;1He\xcc\x81!");
    EXPECT_EQ(row(0).substr(0, 2), U"e!");
    screen.write("\x1b[2;20H\xe4\xb8\xad");
    EXPECT_EQ(row(2), U"\u4e2d");
    Screen narrow{1, 2};
    narrow.write("\xe4\xb8\xad\xe4\xb8\xad");
}

TEST_F(TerminfoTest, AnUnendedStringSwallowsNoSequenceAfterIt) {
    screen.write("\x1b]0;title\x1b[2;2Hx");
    EXPECT_EQ(row(1), U" x");
    screen.write("\x1bP1$q\x1b\\y\x1b]4;1;\x18z");
    EXPECT_EQ(row(1), U" xyz");
}

}  // namespace
