// SPDX-License-Identifier: MIT
// From tokens to a tree, by recursive descent: one function per rule of the grammar.
//
//   program   list end
//   list      newline* { and_or ( ; | & | newline )+ }
//   and_or    pipeline { (&& | ||) newline* pipeline }
//   pipeline  [!] command { | newline* command }
//   command   (simple | `(` list `)` | { list } | if | while | until | for | case) redirection*
//             | name ( ) newline* command
//
// A mistake that more input could mend is marked incomplete, so that an interactive shell asks for
// another line.
#pragma once

#include <string_view>

#include "shell/syntax/lexer.hpp"

namespace shell {

class Parser {
public:
    explicit Parser(std::string_view source, int depth = 0)
        : lexer_(source, depth), depth_(depth) {}

    Parsed<List> program();

    // For $(: a list and the closing parenthesis. `consumed` is then the length of both.
    Parsed<List> list_until_close();
    std::size_t consumed() const { return token_.end; }

private:
    using Body = std::shared_ptr<const List>;

    Parsed<void> advance();
    Parsed<void> skip_newlines();
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
    int depth_;
};

// Whether a word has the form name=..., and if so, the assignment.
bool is_assignment(const Word& word);
Assignment to_assignment(Word word);

}  // namespace shell
