// SPDX-License-Identifier: MIT
// The line editor against two models: what the keys should do to the text, and what a terminal shows of what it draws.
#include <gtest/gtest.h>

#include <random>

#include "shell/line/line_editor.hpp"
#include "shell/line/utf8.hpp"

namespace shell {
namespace {

// A small terminal: a grid of characters, and the sequences that the editor uses.
class Screen {
public:
    explicit Screen(ScreenSize size) : size_(size) { clear(); }

    void write(std::string_view text) {
        for (std::size_t at = 0; at < text.size();) {
            if (text.substr(at).starts_with("\x1b[")) {
                at = sequence(text, at + 2);
                continue;
            }
            Character character = character_at(text, at);
            put(text.substr(at, character.length), character.code);
            at += character.length;
        }
    }

    // The rows without blanks at their ends.
    std::string shown() const {
        std::string result;
        for (const auto& cells : grid_) {
            std::string line;
            for (const std::string& cell : cells) line += cell;
            line.erase(line.find_last_not_of(' ') + 1);
            result += line + "\n";
        }
        while (result.ends_with("\n\n")) result.pop_back();
        return result;
    }
    std::size_t row = 0, column = 0;

private:
    void clear() { grid_.assign(size_.rows, std::vector<std::string>(size_.columns, " ")); }

    std::size_t sequence(std::string_view text, std::size_t at) {
        std::size_t number = 0;
        bool given = false;
        for (; text[at] >= '0' && text[at] <= ';'; ++at)
            number = number * 10 + (text[at] - '0'), given = true;
        std::size_t count = given ? number : 1;
        switch (text[at]) {
            case 'A':
                EXPECT_GE(row, count);
                row -= std::min(row, count);
                break;
            case 'D':
                EXPECT_GE(column, count);
                column -= std::min(column, count);
                break;
            case 'C': column = std::min(column + count, size_.columns - 1); break;
            case 'H': row = column = 0; break;
            case 'J':
                if (count == 2) clear();
                for (std::size_t r = row; r < size_.rows; ++r) {
                    for (std::size_t c = r == row ? column : 0; c < size_.columns; ++c)
                        grid_[r][c] = " ";
                }
                break;
            case 'K':
                for (std::size_t c = column; c < size_.columns; ++c) grid_[row][c] = " ";
                break;
            case 'm': break;
            default:  ADD_FAILURE() << "unknown sequence";
        }
        return at + 1;
    }

    void put(std::string_view text, char32_t code) {
        if (code == '\r') {
            column = 0;
        } else if (code == '\n') {
            if (++row == size_.rows) {
                grid_.erase(grid_.begin());
                grid_.emplace_back(size_.columns, " ");
                --row;
            }
        } else if (columns(code) == 0) {
            grid_[row][column > 0 ? column - 1 : 0] += text;
        } else {
            ASSERT_LT(column, size_.columns);
            grid_[row][column++] = text;
            // The second half of a wide character is an empty cell. A terminal waits in the last column; the editor
            // never relies on that, so leaving the grid is a mistake unless a line end follows.
            if (columns(code) == 2) grid_[row][column++] = "";
        }
    }

    ScreenSize size_;
    std::vector<std::vector<std::string>> grid_;
};

class LineTest : public testing::Test {
protected:
    LineEditor::Outcome type(std::string_view bytes) {
        auto outcome = LineEditor::Outcome::editing;
        for (char byte : bytes) outcome = editor_.feed(byte);
        return outcome;
    }
    std::string after(std::string_view bytes) {
        editor_.begin("$ ", {24, 80});
        type(bytes);
        std::string text = editor_.text();
        return text.insert(editor_.cursor(), "|");
    }

    History history_;
    LineEditor editor_{history_};
};

TEST_F(LineTest, Keys) {
    EXPECT_EQ(after("abc"), "abc|");
    EXPECT_EQ(after("abc\x1b[D\x1b[DX"), "aX|bc");
    EXPECT_EQ(after("abc\x01X\x05Y"), "XabcY|");
    EXPECT_EQ(after("abc\x1b[HX\x1b[FY"), "XabcY|");
    EXPECT_EQ(after("abc\x1b[1~X\x1b[4~Y"), "XabcY|");
    EXPECT_EQ(after("abc\x1bOHX"), "X|abc");
    EXPECT_EQ(after("abc\x7f\x7f"), "a|");
    EXPECT_EQ(after("abc\x1b[D\x1b[3~"), "ab|");
    EXPECT_EQ(after("abc\x02\x04"), "ab|");
    EXPECT_EQ(after("one two\x17"), "one |");
    EXPECT_EQ(after("one two\x17\x19\x19"), "one twotwo|");
    EXPECT_EQ(after("one two\x1b[1;5D\x0b"), "one |");
    EXPECT_EQ(after("one two\x1b"
                    "b\x15"),
              "|two");
    EXPECT_EQ(after("one two\x01\x1b"
                    "d"),
              "| two");
    EXPECT_EQ(after("ab\x14"), "ba|");
    EXPECT_EQ(after("\x7f\x1b[D\x1b[C\x17\x0b\x15"), "|");
}

TEST_F(LineTest, Characters) {
    EXPECT_EQ(after("gr\xc3\xbc\x7f"), "gr|");
    EXPECT_EQ(after("\xe4\xbd\xa0\xe5\xa5\xbd\x1b[DX"), "\xe4\xbd\xa0X|\xe5\xa5\xbd");
    EXPECT_EQ(after("e\xcc\x81x\x7f\x7f"), "|");  // a combining accent goes with its letter
    EXPECT_EQ(after("a\xff\xfe\x7f"), "a\xff|");  // bytes that are no character
    EXPECT_EQ(after("a\xc3z\x7f"), "a|");         // a character that was cut off is dropped
}

TEST_F(LineTest, UnknownSequencesLeaveNothing) {
    EXPECT_EQ(after("a\x1b[15~b\x1b[200;3;1zc\x1bOPd\x1b\x1b[Ce"), "abcde|");
    EXPECT_EQ(after("a\x1b[12\x01X"), "X|a");
    EXPECT_EQ(after(std::string("a\0b", 3)), "ab|");
}

TEST_F(LineTest, Outcomes) {
    editor_.begin("$ ", {});
    EXPECT_EQ(type("abc\r"), LineEditor::Outcome::accepted);
    editor_.begin("$ ", {});
    EXPECT_EQ(type("abc\x03"), LineEditor::Outcome::interrupted);
    editor_.begin("$ ", {});
    EXPECT_EQ(type("\x04"), LineEditor::Outcome::end_of_input);
    editor_.begin("$ ", {});
    EXPECT_EQ(type("a\x04"), LineEditor::Outcome::editing);
}

TEST_F(LineTest, History) {
    history_.add("first");
    history_.add("second");
    history_.add("second");
    history_.add("   hidden");
    EXPECT_EQ(after("dra\x1b[A"), "second|");
    EXPECT_EQ(after("dra\x1b[A\x1b[A\x1b[A"), "first|");
    EXPECT_EQ(after("dra\x1b[A\x1b[A\x1b[B\x1b[B\x1b[B"), "dra|");
    EXPECT_EQ(after("\x10\x10\x0e"), "second|");
}

TEST_F(LineTest, Search) {
    history_.add("make tea");
    history_.add("ls -l");
    history_.add("make coffee");
    EXPECT_EQ(after("dra\x12ma"), "|make coffee");
    EXPECT_EQ(after("\x12ma\x12"), "|make tea");
    EXPECT_EQ(after("\x12mb\x7f"
                    "ake t"),
              "|make tea");
    EXPECT_EQ(after("\x12ls\x05!"), "ls -l!|");
    EXPECT_EQ(after("dra\x12ls\x07"), "dra|");
    EXPECT_EQ(after("\x12ls\x1b[A"), "make tea|");
    editor_.begin("$ ", {4, 40});
    Screen screen({4, 40});
    type(
        "\x12"
        "coff");
    screen.write(editor_.draw());
    EXPECT_EQ(screen.shown(), "(search) `coff`: make coffee\n");
    EXPECT_EQ(type("\r"), LineEditor::Outcome::accepted);
    EXPECT_EQ(editor_.text(), "make coffee");
}

TEST_F(LineTest, SuggestsWhatTheHistoryHas) {
    history_.add("make coffee");
    history_.add("make tea");
    history_.add("gr\xc3\xbc\xc3\xbc\xc3\x9f");
    EXPECT_EQ(after("ma\x1b[C"), "make tea|");
    EXPECT_EQ(after("make c\x05"), "make coffee|");
    EXPECT_EQ(after("ma\x06!"), "make tea!|");
    EXPECT_EQ(after("ma\x1b[F"), "make tea|");
    EXPECT_EQ(after("ma\x1b[D\x1b[C"), "ma|") << "only at the end of the line";
    EXPECT_EQ(after("\x1b[C"), "|") << "not before the first character";
    EXPECT_EQ(after("make tea\x1b[C"), "make tea|");
    EXPECT_EQ(after("gr\x1b[C"), "gr|") << "characters that are not plain";
    EXPECT_EQ(after("ma\r"), "ma|");
}

TEST_F(LineTest, ASuggestionIsSeenAndGoes) {
    history_.add("make coffee for everybody");
    Screen screen({4, 20});
    editor_.begin("$ ", {4, 20});
    const auto shows = [&](std::string_view keys, std::string_view line, std::size_t column) {
        type(keys);
        screen.write(editor_.draw());
        EXPECT_EQ(screen.shown(), line);
        EXPECT_EQ(screen.column, column);
    };
    shows("", "$\n", 2);
    shows("m", "$ make coffee for e\n", 3);
    shows("ak", "$ make coffee for e\n", 5);
    shows("x", "$ makx\n", 6);
    shows("\x7f", "$ make coffee for e\n", 5);
    shows("\x1b[D", "$ mak\n", 4);
    shows("\x05", "$ make coffee for e\n", 5);
    screen.write(editor_.finish(LineEditor::Outcome::accepted));
    EXPECT_EQ(screen.shown(), "$ mak\n");
    EXPECT_EQ(screen.row, 1u);
    EXPECT_EQ(editor_.text(), "mak");
}

class Offers final : public Completer {
public:
    Completion complete(std::string_view text) override {
        seen = text;
        return {text.rfind(' ') + 1, candidates};
    }
    std::string seen;
    std::vector<Completion::Candidate> candidates;
};

TEST(Completing, InTheEditor) {
    History history;
    Offers offers;
    LineEditor editor(history, &offers);
    auto typed = [&](std::string_view keys) {
        editor.begin("$ ", {6, 30});
        for (char byte : keys) editor.feed(byte);
        return editor.text();
    };
    EXPECT_EQ(typed("cat no\t"), "cat no");
    EXPECT_EQ(offers.seen, "cat no");
    offers.candidates = {{"notes", "notes", true}};
    EXPECT_EQ(typed("cat no\tx"), "cat notes x");
    offers.candidates = {{"north/", "north/", false}};
    EXPECT_EQ(typed("cat no\tx"), "cat north/x");
    offers.candidates = {{"notes", "notes", true}, {"notable", "notable", true}};
    EXPECT_EQ(typed("cat n\t"), "cat not");
    Screen screen({6, 30});
    editor.begin("$ ", {6, 30});
    for (char byte : std::string_view("cat not\t\t")) editor.feed(byte);
    screen.write(editor.draw());
    EXPECT_EQ(screen.shown(), "$ cat not\nnotes    notable\n$ cat not\n");
    EXPECT_EQ(screen.row, 2u);
    EXPECT_EQ(screen.column, 9u);
    offers.candidates = {{"gr\xc3\xbc", "", true}, {"gr\xc3\xa4", "", true}, {"gr\\ ", "", true}};
    EXPECT_EQ(typed("x g\t"), "x gr");
    offers.candidates = {{"a\\ b", "", true}, {"a\\;", "", true}};
    EXPECT_EQ(typed("x a\t"), "x a");
}

TEST(Completing, FindsTheWord) {
    auto at = word_at_cursor("ls -l /et");
    EXPECT_EQ(at.word, "/et");
    EXPECT_EQ(at.start, 6u);
    EXPECT_EQ(at.before, (std::vector<std::string>{"ls", "-l"}));
    EXPECT_TRUE(word_at_cursor("a | b && c").before.empty());
    EXPECT_EQ(word_at_cursor("a | b && c").word, "c");
    EXPECT_EQ(word_at_cursor("cat 'a b\\").word, "a b\\");
    EXPECT_EQ(word_at_cursor("cat a\\ b").word, "a b");
    EXPECT_EQ(word_at_cursor("cat ").word, "");
    EXPECT_EQ(word_at_cursor("cat ").start, 4u);
    EXPECT_EQ(word_at_cursor("x >o").before, (std::vector<std::string>{"x", ">"}));
}

TEST(Completing, OffersFilesAndCommands) {
    Variables variables;
    variables.set("PATH", "/bin:/usr/bin");
    JobTable jobs;
    ShellCompleter completer(variables, jobs);
    auto names = [&](std::string_view text) {
        std::string result;
        for (const auto& candidate : completer.complete(text).candidates)
            result += candidate.text + "|";
        return result;
    };
    EXPECT_EQ(names("cat /proc/cpuinf"), "/proc/cpuinfo|");
    EXPECT_EQ(names("ls /et"), "/etc/|");
    EXPECT_NE(names("spaw").find("spawnbg|"), std::string::npos);
    EXPECT_NE(names("A=1 true").find("true|"), std::string::npos);
    EXPECT_EQ(names("cat spaw"), "");
    EXPECT_EQ(names("cat </proc/cpuinf"), "/proc/cpuinfo|");
}

TEST_F(LineTest, DrawingShowsTheLine) {
    ScreenSize size{6, 10};
    Screen screen(size);
    editor_.begin("\x1b[1m$ \x1b[0m", size);
    screen.write(editor_.draw());
    type("0123456789abcdefgh");
    screen.write(editor_.draw());
    EXPECT_EQ(screen.shown(), "$ 01234567\n89abcdefgh\n");
    EXPECT_EQ(screen.row, 2u);
    EXPECT_EQ(screen.column, 0u);
    type("\x01X");
    screen.write(editor_.draw());
    EXPECT_EQ(screen.shown(), "$ X0123456\n789abcdefg\nh\n");
    EXPECT_EQ(screen.column, 3u);
    screen.write(editor_.finish(LineEditor::Outcome::accepted));
    EXPECT_EQ(screen.row, 3u);
    EXPECT_EQ(screen.column, 0u);
}

// Whatever is typed, what the screen shows after many small updates is what drawing the same line once gives.
TEST_F(LineTest, RandomEditingDrawsLikeAFreshStart) {
    std::mt19937 random(2);
    const std::vector<std::string> keys = {
        "a",      "b ",     "\xc3\xbc", "\xe5\xa5\xbd", "\x1b[D", "\x1b[C",  "\x7f",
        "\x01",   "\x05",   "\x17",     "\x0b",         "\x19",   "\x1b[3~", "\x14",
        "\x1b[A", "\x1b[B", "\x15",     "e\xcc\x81",    "xyz",    "word ",   "\xff"};
    history_.add("an older line that is longer than a row of the screen");
    history_.add("b word xyz");
    for (int round = 0; round < 500; ++round) {
        ScreenSize size{8, 4 + random() % 20};
        Screen screen(size);
        editor_.begin("$ ", size);
        screen.write(editor_.draw());
        for (int i = 0; i < 30; ++i) {
            type(keys[random() % keys.size()]);
            screen.write(editor_.draw());
            ASSERT_LE(editor_.cursor(), editor_.text().size());
        }
        // A line that hardly fits may be shown from its start or around the cursor: both are right.
        if (visible_columns(editor_.text()) + size.rows + 2 > (size.rows - 2) * size.columns)
            continue;
        LineEditor other(history_);
        other.begin("$ ", size);
        for (char byte : editor_.text()) other.feed(byte);
        other.feed('\x01');
        while (other.cursor() < editor_.cursor()) {
            for (char byte : std::string_view("\x1b[C")) other.feed(byte);
        }
        // Bytes that are no characters may become one when they are typed side by side.
        if (other.text() != editor_.text()) continue;
        Screen fresh(size);
        fresh.write(other.draw());
        ASSERT_EQ(screen.shown(), fresh.shown()) << editor_.text();
        ASSERT_EQ(screen.row, fresh.row) << editor_.text();
        ASSERT_EQ(screen.column, fresh.column) << editor_.text();
    }
}

TEST_F(LineTest, LongLinesCostOneScreenful) {
    editor_.begin("$ ", {24, 80});
    type(std::string(1 << 20, 'x'));
    EXPECT_EQ(editor_.text().size(), 1u << 20);
    EXPECT_LT(editor_.draw().size(), 24u * 80 + 200);
    type("\x01");
    EXPECT_LT(editor_.draw().size(), 24u * 80 + 200);
}

TEST(Utf8, Boundaries) {
    std::string text =
        "a\xc3\xbc\xf0\x9f\x98\x80\xff"
        "e\xcc\x81";
    std::vector<std::size_t> forward;
    for (std::size_t at = 0; at < text.size(); at = next_boundary(text, at)) forward.push_back(at);
    EXPECT_EQ(forward, (std::vector<std::size_t>{0, 1, 3, 7, 8}));
    std::vector<std::size_t> backward;
    for (std::size_t at = text.size(); at > 0;)
        backward.insert(backward.begin(), at = previous_boundary(text, at));
    EXPECT_EQ(backward, forward);
}

}  // namespace
}  // namespace shell
