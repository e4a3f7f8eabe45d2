// SPDX-License-Identifier: MIT
#include "shell/expand/expander.hpp"

#include <gtest/gtest.h>

#include "shell/expand/arithmetic.hpp"
#include "shell/expand/pattern.hpp"
#include "shell/syntax/parser.hpp"

namespace shell {
namespace {

class Context final : public ExpansionContext {
public:
    Variables all;
    std::vector<std::string> positional;
    std::string name = "sh";
    std::string output;
    bool unset_fails = false;
    bool globs = true;

    Variables& variables() override { return all; }
    std::optional<std::string> special(char which) override {
        if (which == '?') return "7";
        return std::nullopt;
    }
    const std::string& shell_name() override { return name; }
    const std::vector<std::string>& arguments() override { return positional; }
    bool unset_is_error() override { return unset_fails; }
    bool expands_file_names() override { return globs; }
    std::string output_of(const List&) override { return output; }
};

class ExpanderTest : public testing::Test {
protected:
    // The fields of the words in `source`, each in brackets; or the error.
    std::string expanded(const std::string& source) {
        auto list = Parser("x " + source).program();
        if (!list) return "syntax";
        const auto& command = list->items.at(0).pipelines.at(0).second.commands.at(0);
        auto words = std::get<SimpleCommand>(command.what).words;
        words.erase(words.begin());
        auto fields = Expander(context_).fields(words);
        if (!fields) return "error: " + fields.error();
        std::string result;
        for (const std::string& field : *fields) result += "[" + field + "]";
        return result;
    }

    Context context_;
};

TEST_F(ExpanderTest, Splitting) {
    context_.all.set("x", " a  b ");
    context_.all.set("empty", "");
    EXPECT_EQ(expanded("$x"), "[a][b]");
    EXPECT_EQ(expanded("\"$x\""), "[ a  b ]");
    EXPECT_EQ(expanded("1${x}2"), "[1][a][b][2]");
    EXPECT_EQ(expanded("$empty $unset"), "");
    EXPECT_EQ(expanded("\"$empty\" '' \"$unset\""), "[][][]");
    context_.all.set("IFS", ":");
    context_.all.set("p", "/bin::/usr bin");
    EXPECT_EQ(expanded("$p"), "[/bin][][/usr bin]");
}

TEST_F(ExpanderTest, Arguments) {
    EXPECT_EQ(expanded("\"$@\" \"$*\" $# $0"), "[][0][sh]");
    context_.positional = {"a b", "", "c"};
    EXPECT_EQ(expanded("\"$@\""), "[a b][][c]");
    EXPECT_EQ(expanded("\"x$@y\""), "[xa b][][cy]");
    EXPECT_EQ(expanded("\"$*\""), "[a b  c]");
    EXPECT_EQ(expanded("$@"), "[a][b][c]");
    EXPECT_EQ(expanded("\"$1\" $3 $4 $# $?"), "[a b][c][3][7]");
}

TEST_F(ExpanderTest, Operations) {
    context_.all.set("f", "/a/b/c.tar.gz");
    context_.all.set("e", "");
    EXPECT_EQ(expanded("${f##*/} ${f#*/} ${f%.*} ${f%%.*}"),
              "[c.tar.gz][a/b/c.tar.gz][/a/b/c.tar][/a/b/c]");
    EXPECT_EQ(expanded("${#f} ${#e} ${e-x} ${e:-x} ${u-x}"), "[13][0][x][x]");
    EXPECT_EQ(expanded("\"${e-x}\""), "[]");
    EXPECT_EQ(expanded("${f+set} ${u+set} ${e:+set}"), "[set]");
    EXPECT_EQ(expanded("${u:=1 2} $u"), "[1][2][1][2]");
    EXPECT_EQ(expanded("${v?is missing}"), "error: v: is missing");
    EXPECT_EQ(expanded("${w:-\"a b\"} ${w:-a b}"), "[a b][a][b]");
    EXPECT_EQ(expanded("${1=x}"), "error: ${1=...}: cannot be assigned to");
    context_.all.set("u8", "gr\xc3\xbcn");
    EXPECT_EQ(expanded("${#u8} ${u8%?}"), "[4][gr\xc3\xbc]");
}

TEST_F(ExpanderTest, TildeAndSubstitution) {
    context_.all.set("HOME", "/home/a b");
    EXPECT_EQ(expanded("~ ~/x '~' a~ ~bob"), "[/home/a b][/home/a b/x][~][a~][~bob]");
    context_.output = "one two\n\n";
    EXPECT_EQ(expanded("$(x) \"$(x)\""), "[one][two][one two]");
}

TEST_F(ExpanderTest, FileNames) {
    EXPECT_EQ(expanded("/etc/pass[w]d"), "[/etc/passwd]");
    EXPECT_EQ(expanded("/e*c/passwd"), "[/etc/passwd]");
    EXPECT_EQ(expanded("'/etc/pass'* \"/etc/pass*\""), expanded("/etc/pass*") + "[/etc/pass*]");
    EXPECT_EQ(expanded("/nothing/here*"), "[/nothing/here*]");
    context_.all.set("p", "/etc/passw?");
    EXPECT_EQ(expanded("$p \"$p\""), "[/etc/passwd][/etc/passw?]");
}

std::string computed(std::string_view expression) {
    Variables variables;
    variables.set("x", "5");
    variables.set("y", "x + 1");
    variables.set("loop", "loop");
    auto value = compute(expression, variables);
    return value ? std::to_string(*value) : value.error();
}

TEST(Arithmetic, Computes) {
    EXPECT_EQ(computed(""), "0");
    EXPECT_EQ(computed(" 1 + 2 * 3 - -4 "), "11");
    EXPECT_EQ(computed("(1 + 2) * 3 % 4"), "1");
    EXPECT_EQ(computed("y * 2"), "12");
    EXPECT_EQ(computed("unset + 1"), "1");
    EXPECT_EQ(computed("0x10 + 010 + 10"), "34");
    EXPECT_EQ(computed("x == 5 ? 7 : 8 / 0"), "7");
    EXPECT_EQ(computed("0 && 1 / 0 || 2"), "1");
    EXPECT_EQ(computed("(x += 2) * x"), "49");
    EXPECT_EQ(computed("0 && (x = 9), 1").substr(0, 11), "arithmetic:");
    EXPECT_EQ(computed("1 << 3 >> 1 & 6 | 1"), "5");
    EXPECT_EQ(computed("9223372036854775807 + 1"), "-9223372036854775808");
    EXPECT_EQ(computed("(-9223372036854775807 - 1) / -1"), "-9223372036854775808");
    EXPECT_EQ(computed("!x + ~x"), "-6");
}

TEST(Arithmetic, Mistakes) {
    EXPECT_EQ(computed("1 / 0"), "arithmetic: division by zero");
    EXPECT_EQ(computed("1 +"), "arithmetic: expected a number at the end");
    EXPECT_EQ(computed("1 2"), "arithmetic: found `2`, expected an operator");
    EXPECT_EQ(computed("(1"), "arithmetic: expected `)`");
    EXPECT_EQ(computed("08"), "arithmetic: `08` is not a number");
    EXPECT_EQ(computed("99999999999999999999"),
              "arithmetic: `99999999999999999999` is not a number");
    EXPECT_EQ(computed("loop"), "arithmetic: nested too deeply");
    EXPECT_EQ(computed(std::string(100000, '(')), "arithmetic: nested too deeply");
    EXPECT_EQ(computed(std::string(100000, '-')), "arithmetic: nested too deeply");
}

TEST(Pattern, Matching) {
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("a*b*c", "aXbYbZc"));
    EXPECT_FALSE(matches("a*b", "abX"));
    EXPECT_TRUE(matches("?", "\xc3\xbc"));
    EXPECT_TRUE(matches("[\xc3\xa4-\xc3\xbf]", "\xc3\xbc"));
    EXPECT_TRUE(matches("[!a-c]x", "dx"));
    EXPECT_FALSE(matches("[!a-c]x", "bx"));
    EXPECT_TRUE(matches("[]]", "]"));
    EXPECT_TRUE(matches("[[:digit:]_]", "_"));
    EXPECT_TRUE(matches("[", "["));
    EXPECT_TRUE(matches("\\*", "*"));
    EXPECT_FALSE(matches("\\*", "x"));
    EXPECT_FALSE(matches("a", ""));
    EXPECT_EQ(unescape_pattern(escape_pattern("a*[b]\\?")), "a*[b]\\?");
}

TEST(Pattern, ManyStarsEndInTime) {
    std::string pattern, text(5000, 'a');
    for (int i = 0; i < 200; ++i) pattern += "*a";
    EXPECT_FALSE(matches(pattern + "*b", text));
}

}  // namespace
}  // namespace shell
