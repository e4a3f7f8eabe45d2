// SPDX-License-Identifier: MIT
// The tree of a shell program, as the parser makes it and the executor walks it.
//
//   List      a; b & c           AndOrs, each in the foreground or the background
//   AndOr     a && b || c        Pipelines
//   Pipeline  ! a | b            Commands
//   Command   simple, (list), {list;}, if, while, until, for, case, name() command; each with redirections
//   Word      text"$x"*          parts, quoted or not; what they stand for is the expander's matter
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace shell {

struct List;
struct Word;

struct Position {
    std::size_t line = 1;
    std::size_t column = 1;  // in bytes
};

struct TextPart {
    std::string text;
};

// $name or ${name OP operand}. The name may also be digits or one of @ * # ? - $ !
struct ParameterPart {
    enum class Operation {
        value,
        length,               // ${#name}
        or_default,           // -  the operand if unset
        assign_default,       // =  and assign it
        or_error,             // ?  fail with the operand as the message
        if_set,               // +  the operand if set
        remove_short_prefix,  // #
        remove_long_prefix,   // ##
        remove_short_suffix,  // %
        remove_long_suffix,   // %%
    };
    std::string name;
    Operation operation = Operation::value;
    bool empty_is_unset = false;  // :- := :? :+
    std::shared_ptr<const Word> operand;
};

// $(list): what the list writes.
struct CommandPart {
    std::shared_ptr<const List> list;
};

// $((expression)): the text is expanded, then computed.
struct ArithmeticPart {
    std::shared_ptr<const Word> expression;
};

struct WordPart {
    std::variant<TextPart, ParameterPart, CommandPart, ArithmeticPart> what;
    bool quoted = false;
};

struct Word {
    std::vector<WordPart> parts;
    Position position;

    // The text of a word that is one unquoted piece of text, such as a reserved word; else null.
    const std::string* plain() const {
        if (parts.size() != 1 || parts[0].quoted) return nullptr;
        auto* text = std::get_if<TextPart>(&parts[0].what);
        return text == nullptr ? nullptr : &text->text;
    }
};

struct Redirection {
    enum class Kind { read, write, clobber, append, read_write, duplicate, document };
    int descriptor = 0;
    Kind kind = Kind::read;
    Word target;                           // for duplicate: a number or `-`
    std::shared_ptr<const Word> document;  // what stands between << and the delimiter
};

struct Assignment {
    std::string name;
    Word value;
};

struct SimpleCommand {
    std::vector<Assignment> assignments;
    std::vector<Word> words;
};

struct Group {  // ( list ) or { list; }
    std::shared_ptr<const List> body;
    bool subshell = false;
};

struct IfCommand {
    struct Branch {
        std::shared_ptr<const List> condition;
        std::shared_ptr<const List> body;
    };
    std::vector<Branch> branches;
    std::shared_ptr<const List> otherwise;  // may be null
};

struct WhileCommand {
    std::shared_ptr<const List> condition;
    std::shared_ptr<const List> body;
    bool until = false;
};

struct ForCommand {
    std::string name;
    std::vector<Word> words;
    bool over_arguments = false;  // no `in`: "$@"
    std::shared_ptr<const List> body;
};

struct CaseCommand {
    struct Item {
        std::vector<Word> patterns;
        std::shared_ptr<const List> body;
    };
    Word subject;
    std::vector<Item> items;
};

struct Command;

struct FunctionDefinition {
    std::string name;
    std::shared_ptr<const Command> body;
};

struct Command {
    std::variant<SimpleCommand, Group, IfCommand, WhileCommand, ForCommand, CaseCommand,
                 FunctionDefinition>
        what;
    std::vector<Redirection> redirections;
    std::size_t line = 1;  // where it begins
};

struct Pipeline {
    bool negated = false;
    std::vector<Command> commands;
    std::string source;  // as written, for the list of jobs
};

struct AndOr {
    enum class Link { always, if_success, if_failure };
    std::vector<std::pair<Link, Pipeline>> pipelines;
    bool background = false;
    std::string source;
};

struct List {
    std::vector<AndOr> items;
};

}  // namespace shell
