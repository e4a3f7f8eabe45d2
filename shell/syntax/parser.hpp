// SPDX-License-Identifier: MIT
// From tokens to a tree, by recursive descent: one function per rule of the grammar.
//
//   program   list end, or line by line: list (newline | end)
//   list      newline* { and_or ( ; | & | newline )+ }
//   and_or    pipeline { (&& | ||) newline* pipeline }
//   pipeline  [!] command { | newline* command }
//   command   (simple | `(` list `)` | { list } | if | while | until | for | case) redirection*
//             | name ( ) newline* command
//
// Where a command can begin, the name of an alias is replaced by its text, in the source, before anything else is made of it.
//
// A mistake that more input could mend is marked incomplete, so that an interactive shell asks for
// another line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell/syntax/lexer.hpp"

namespace shell {

class Parser {
public:
    // `first_line`: the number of the source's first line.
    explicit Parser(std::string_view source, int depth = 0, const Aliases* aliases = nullptr,
                    std::size_t first_line = 1)
        : lexer_(source, depth, aliases, first_line), depth_(depth) {}

    Parsed<List> program();
    // The commands up to the end of a line (or what it takes to end them). Nothing: there are no more. What comes after them has
    // not been looked at yet, so they may define aliases for it.
    Parsed<std::optional<List>> next_line();
    // What the last line stands for in the source.
    std::string line_source() const { return text_from(line_begin_); }

    // For $(: a list and the closing parenthesis. `consumed` is then the length of both.
    Parsed<List> list_until_close();
    std::size_t consumed() const { return token_.end - growth_; }

private:
    using Body = std::shared_ptr<const List>;

    Parsed<void> advance();
    Parsed<void> skip_newlines();
    Parsed<List> items(bool one_line);
    // If the token is the name of an alias, the alias's first token takes its place.
    Parsed<void> replace_aliases();
    const std::string* alias() const;
    bool at(Token::Kind kind) const { return token_.kind == kind; }
    bool at_word(std::string_view reserved) const;
    bool at_list_end() const;

    Parsed<List> list();
    Parsed<AndOr> and_or();
    Parsed<Pipeline> pipeline();
    Parsed<Command> command();
    Parsed<Command> compound();
    Parsed<SimpleCommand> simple(std::vector<Redirection>& redirections);
    Parsed<Group> subshell();
    Parsed<Group> braces();
    Parsed<IfCommand> if_command();
    Parsed<WhileCommand> while_command();
    Parsed<ForCommand> for_command();
    Parsed<CaseCommand> case_command();
    Parsed<CaseCommand::Item> case_item();
    Parsed<FunctionDefinition> function(std::string name);
    bool at_compound() const;
    Parsed<Body> body(std::string_view what);
    Parsed<void> expect(std::string_view reserved);

    bool at_redirection() const;
    Parsed<Redirection> redirection();
    std::string text_from(std::size_t begin) const;

    SyntaxError unexpected(std::string_view expected) const;

    Lexer lexer_;
    Token token_;
    std::size_t previous_end_ = 0;
    std::size_t line_begin_ = 0;

    // Aliases that have been replaced, and where their texts end. A name in its own text stands for itself.
    std::vector<std::pair<std::string, std::size_t>> replaced_;
    // An alias's text ended with a blank: the word that begins here or behind may be an alias, too.
    std::optional<std::size_t> next_may_be_alias_;
    std::string text_;        // the source, once an alias has been replaced in it
    std::size_t growth_ = 0;  // how much longer that is than the original; modulo 2^64
    int depth_;
};

// Whether the word means something to the grammar where a command begins.
bool is_reserved(std::string_view word);

// Whether a word has the form name=..., and if so, the assignment.
bool is_assignment(const Word& word);
Assignment to_assignment(Word word);

}  // namespace shell
