// SPDX-License-Identifier: MIT
// The lexer and the parser, through the tree: it is printed back in a form that shows its structure.
#include <gtest/gtest.h>

#include "shell/syntax/parser.hpp"

namespace shell {
namespace {

std::string show(const List& list);

std::string show(const Word& word) {
    std::string result;
    for (const WordPart& part : word.parts) {
        std::string inside;
        if (auto* text = std::get_if<TextPart>(&part.what)) {
            inside = text->text;
        } else if (auto* parameter = std::get_if<ParameterPart>(&part.what)) {
            inside = "${" + parameter->name;
            if (parameter->operation == ParameterPart::Operation::length)
                inside = "${#" + parameter->name;
            if (parameter->operand) inside += " " + show(*parameter->operand);
            inside += "}";
        } else if (auto* arithmetic = std::get_if<ArithmeticPart>(&part.what)) {
            inside = "$((" + show(*arithmetic->expression) + "))";
        } else {
            inside = "$(" + show(*std::get<CommandPart>(part.what).list) + ")";
        }
        result += part.quoted ? "'" + inside + "'" : inside;
    }
    return result;
}

std::string show(const Command& command) {
    std::string result;
    if (auto* simple = std::get_if<SimpleCommand>(&command.what)) {
        for (const Assignment& assignment : simple->assignments)
            result += assignment.name + ":=" + show(assignment.value) + " ";
        for (const Word& word : simple->words) result += "[" + show(word) + "]";
    } else if (auto* group = std::get_if<Group>(&command.what)) {
        result = group->subshell ? "(" + show(*group->body) + ")" : "{" + show(*group->body) + "}";
    } else if (auto* conditional = std::get_if<IfCommand>(&command.what)) {
        for (const auto& branch : conditional->branches)
            result += "if " + show(*branch.condition) + " then " + show(*branch.body) + " ";
        if (conditional->otherwise) result += "else " + show(*conditional->otherwise);
    } else if (auto* loop = std::get_if<WhileCommand>(&command.what)) {
        result = (loop->until ? "until " : "while ") + show(*loop->condition) + " do " +
                 show(*loop->body);
    } else if (auto* choice = std::get_if<CaseCommand>(&command.what)) {
        result = "case " + show(choice->subject);
        for (const auto& item : choice->items) {
            for (const Word& pattern : item.patterns) result += " " + show(pattern) + ")";
            result += " " + show(*item.body);
        }
    } else if (auto* function = std::get_if<FunctionDefinition>(&command.what)) {
        result = function->name + "() " + show(*function->body);
    } else {
        const auto& each = std::get<ForCommand>(command.what);
        result = "for " + each.name + (each.over_arguments ? " in arguments" : "");
        for (const Word& word : each.words) result += " [" + show(word) + "]";
        result += " do " + show(*each.body);
    }
    for (const Redirection& redirection : command.redirections) {
        constexpr const char* names[] = {"<", ">", ">|", ">>", "<>", "&", "<<"};
        result += " " + std::to_string(redirection.descriptor) +
                  names[static_cast<int>(redirection.kind)] +
                  show(redirection.document ? *redirection.document : redirection.target);
    }
    return result;
}

std::string show(const List& list) {
    std::string result;
    for (const AndOr& item : list.items) {
        if (!result.empty()) result += " ";
        for (const auto& [link, pipeline] : item.pipelines) {
            if (link == AndOr::Link::if_success) result += " && ";
            if (link == AndOr::Link::if_failure) result += " || ";
            if (pipeline.negated) result += "! ";
            for (const Command& command : pipeline.commands) {
                if (&command != &pipeline.commands.front()) result += " | ";
                result += show(command);
            }
        }
        result += item.background ? " &" : ";";
    }
    return result;
}

std::string parsed(std::string_view source) {
    auto list = Parser(source).program();
    if (list) return show(*list);
    const SyntaxError& error = list.error();
    return std::to_string(error.position.line) + ":" + std::to_string(error.position.column) +
           ": " + error.message + (error.incomplete ? " (incomplete)" : "");
}

TEST(Parser, Words) {
    EXPECT_EQ(parsed("echo a  b\tc"), "[echo][a][b][c];");
    EXPECT_EQ(parsed("a'b c'd"), "[a'b c'd];");
    EXPECT_EQ(parsed(R"(a"b c"d)"), "[a'b c'd];");
    EXPECT_EQ(parsed(R"(a\ b \$x "\$ \q \"")"), R"([a' 'b]['$'x]['$ \q "'];)");
    EXPECT_EQ(parsed("'' \"\""),
              "['']['']"
              ";");
    EXPECT_EQ(parsed("ab\\\ncd"), "[abcd];");
    EXPECT_EQ(parsed("a # comment\nb#c"), "[a]; [b#c];");
    EXPECT_EQ(parsed("gr\xc3\xbc\xc3\x9f"), "[gr\xc3\xbc\xc3\x9f];");
}

TEST(Parser, Parameters) {
    EXPECT_EQ(parsed("$a$b ${c}d $1$22 $?$$ $"), "[${a}${b}][${c}d][${1}${2}2][${?}${$}][$];");
    EXPECT_EQ(parsed("\"$a b\" ${#x} ${x:-y z} ${x%\"}\"}"),
              "['${a}'' b'][${#x}][${x y z}][${x '}'}];");
    EXPECT_EQ(parsed("${10} ${x-${y-z}}"), "[${10}][${x ${y z}}];");
}

TEST(Parser, CommandSubstitution) {
    EXPECT_EQ(parsed("a$(b c)d"), "[a$([b][c];)d];");
    EXPECT_EQ(parsed("\"$(echo \")\" ; d)\""), "['$([echo][')']; [d];)'];");
    EXPECT_EQ(parsed("$(a $(b) `c`)"), "[$([a][$([b];)][$([c];)];)];");
    EXPECT_EQ(parsed("`a \\`b\\``"), "[$([a][$([b];)];)];");
    EXPECT_EQ(parsed("$(\n  a\n) b"), "[$([a];)][b];");
}

TEST(Parser, Lists) {
    EXPECT_EQ(parsed("a; b & c && d || e\nf"), "[a]; [b] & [c] && [d] || [e]; [f];");
    EXPECT_EQ(parsed("a | b |\n c"), "[a] | [b] | [c];");
    EXPECT_EQ(parsed("! a &&\n\n b"), "! [a] && [b];");
    EXPECT_EQ(parsed(" \n # nothing\n"), "");
}

TEST(Parser, AssignmentsAndRedirections) {
    EXPECT_EQ(parsed("A=1 B=\"x y\"z C= cmd D=2"), "A:=1 B:='x y'z C:= [cmd][D=2];");
    EXPECT_EQ(parsed("'A'=1 1A=2"), "['A'=1][1A=2];");
    EXPECT_EQ(parsed("<in cmd >out 2>>err 2>&1 3<>f <&-"), "[cmd] 0<in 1>out 2>>err 2&1 3<>f 0&-;");
    EXPECT_EQ(parsed("x >|y"), "[x] 1>|y;");
    EXPECT_EQ(parsed("echo 2 >x a2>y"), "[echo][2][a2] 1>x 1>y;");
}

TEST(Parser, CompoundCommands) {
    EXPECT_EQ(parsed("(a; b) | { c; } >x"), "([a]; [b];) | {[c];} 1>x;");
    EXPECT_EQ(parsed("if a; then b; elif c\nthen d; else e; fi"),
              "if [a]; then [b]; if [c]; then [d]; else [e];;");
    EXPECT_EQ(parsed("while a; do b; done"), "while [a]; do [b];;");
    EXPECT_EQ(parsed("until a\ndo b\ndone"), "until [a]; do [b];;");
    EXPECT_EQ(parsed("for x in a 'b c'; do d; done"), "for x [a] ['b c'] do [d];;");
    EXPECT_EQ(parsed("for x do d; done"), "for x in arguments do [d];;");
    EXPECT_EQ(parsed("echo if then {"), "[echo][if][then][{];");
}

TEST(Parser, CaseAndFunctions) {
    EXPECT_EQ(parsed("case $x in a|'b*') c;; (d) ;; *) e; esac"),
              "case ${x} a) 'b*') [c]; d)  *) [e];;");
    EXPECT_EQ(parsed("case x in\nesac"), "case x;");
    EXPECT_EQ(parsed("f ( )\n( a )"), "f() ([a];);");
    EXPECT_EQ(parsed("case x in a b) c;; esac"), "1:13: found `b`, expected `)` after the pattern");
    EXPECT_EQ(parsed("f() a"),
              "1:5: found `a`, expected the body of the function, such as { ...; }");
    EXPECT_EQ(parsed("a-b() { c; }"),
              "1:4: found `(`, expected no parenthesis, or the name of a function before it");
    EXPECT_EQ(parsed("a ;; b"), "1:3: found `;;`, expected a command");
}

TEST(Parser, Documents) {
    EXPECT_EQ(parsed("cat <<E\na $x\nE\nb"), "[cat] 0<<'a ''${x}''\n'; [b];");
    EXPECT_EQ(parsed("cat <<'E'\na $x\nE\n"), "[cat] 0<<'a $x\n';");
    EXPECT_EQ(parsed("cat <<-E <<F\n\ta\n\tE\nb\nF\n"), "[cat] 0<<'a\n' 0<<'b\n';");
    EXPECT_EQ(parsed("{ cat <<E; }\nE\n"), "{[cat] 0<<;};");
    EXPECT_EQ(parsed("cat <<E\n$((1+$x)) \\$ \\\"\nE\n"), "[cat] 0<<'$(('1+''${x}'))'' $ \\\"\n';");
}

TEST(Parser, Mistakes) {
    EXPECT_EQ(parsed("a | | b"), "1:5: found `|`, expected a command");
    EXPECT_EQ(parsed("a;\n; b"), "2:1: found `;`, expected a command");
    EXPECT_EQ(parsed("a )"), "1:3: found `)`, expected a command");
    EXPECT_EQ(parsed("a > ;"), "1:5: found `;`, expected the name of a file after the redirection");
    EXPECT_EQ(parsed("fi"), "1:1: found `fi`, expected a command");
    EXPECT_EQ(parsed("${}"), "1:2: not the name of a variable in ${...}");
    EXPECT_EQ(parsed("${a b}"), "1:2: not the name of a variable in ${...}");
    EXPECT_EQ(parsed("echo $((1 + 2)"), "1:14: found `)`, expected `))` at the end of $((...))");
    EXPECT_EQ(parsed("cat <<"),
              "1:7: found the end of the input, expected the name of a file after the redirection");
    EXPECT_EQ(parsed("x\necho $(a | | b)"), "2:12: found `|`, expected a command");
    EXPECT_EQ(parsed("f() { a; }"), "f() {[a];};");
}

TEST(Parser, WhatMoreInputCouldMend) {
    for (const char* text : {"a &&", "a |", "'a", "\"a", "`a", "$(a", "${a", "(a", "{ a;", "if a",
                             "if a; then b", "while a; do", "for x in a", "case x in a)", "f()",
                             "$((1", "cat <<E", "cat <<E\nab\n", "a\\\n|"}) {
        auto list = Parser(text).program();
        ASSERT_FALSE(list) << text;
        EXPECT_TRUE(list.error().incomplete) << text;
    }
    EXPECT_TRUE(Parser("a &").program());
}

TEST(Parser, HostileInput) {
    std::string deep(100000, '(');
    EXPECT_NE(parsed(deep).find("nested too deeply"), std::string::npos);
    std::string substitutions;
    for (int i = 0; i < 10000; ++i) substitutions += "$(";
    EXPECT_NE(parsed(substitutions).find("nested too deeply"), std::string::npos);
    std::string braces;
    for (int i = 0; i < 10000; ++i) braces += "${a-";
    EXPECT_NE(parsed(braces).find("nested too deeply"), std::string::npos);
    std::string noise;
    unsigned state = 1;
    for (int i = 0; i < 100000; ++i)
        noise += static_cast<char>((state = state * 1103515245 + 12345) >> 16);
    parsed(noise);
    EXPECT_EQ(parsed("echo " + std::string(1 << 20, 'x')).size(), (1u << 20) + 9);
    EXPECT_EQ(parsed(std::string("a\0b", 3)), "[ab];");
}

}  // namespace
}  // namespace shell
