// SPDX-License-Identifier: MIT
// From words to the arguments that a command receives: tilde, parameters, command substitution,
// field splitting, names of files, removal of quotes.
//
// The expander knows the shell only through `Context`, so that it can be tested alone.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/expand/variables.hpp"
#include "shell/syntax/ast.hpp"

namespace shell {

class ExpansionContext {
public:
    virtual Variables& variables() = 0;
    // $? $$ $! $- and the like.
    virtual std::optional<std::string> special(char name) = 0;
    virtual const std::string& shell_name() = 0;
    virtual const std::vector<std::string>& arguments() = 0;
    virtual bool unset_is_error() = 0;
    virtual bool expands_file_names() = 0;
    // What the list writes to its standard output.
    virtual std::string output_of(const List& list) = 0;

protected:
    ~ExpansionContext() = default;
};

template <class T>
using Expanded = std::expected<T, std::string>;

class Expander {
public:
    explicit Expander(ExpansionContext& context) : context_(context) {}

    // All steps: each word becomes any number of fields.
    Expanded<std::vector<std::string>> fields(const std::vector<Word>& words);
    // No splitting and no names of files: for assignments.
    Expanded<std::string> text(const Word& word);
    // One field, for the target of a redirection: names of files only if just one matches.
    Expanded<std::string> path(const Word& word);
    // For `case`: a pattern in which what was quoted is escaped.
    Expanded<std::string> pattern(const Word& word);

private:
    class Fields;

    // `is_operand`: the word stands in ${name-word}, so its unquoted text is split as well.
    Expanded<void> add_word(const Word& word, Fields& fields, bool is_operand = false);
    Expanded<void> add_part(const WordPart& part, Fields& fields);
    Expanded<void> add_parameter(const ParameterPart& part, bool quoted, Fields& fields);
    void add_arguments(bool separate, bool quoted, Fields& fields);
    std::string joint();
    std::optional<std::string> value_of(const std::string& name);
    Expanded<void> add_alternative(const ParameterPart& part, bool quoted, Fields& fields);
    Expanded<std::string> trimmed(const ParameterPart& part, std::string value);
    std::string tilde(std::string_view text, std::size_t& taken);

    ExpansionContext& context_;
};

}  // namespace shell
