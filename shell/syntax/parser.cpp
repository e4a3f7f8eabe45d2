// SPDX-License-Identifier: MIT
#include "shell/syntax/parser.hpp"

#include <algorithm>

namespace shell {

namespace {

// Words that end a list where a command could begin.
constexpr std::string_view closers[] = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};
// Words that begin a compound command.
constexpr std::string_view openers[] = {"{", "if", "while", "until", "for", "case"};

}  // namespace

bool is_reserved(std::string_view word) {
    return word == "!" || word == "in" || std::ranges::contains(closers, word) ||
           std::ranges::contains(openers, word);
}

bool is_assignment(const Word& word) {
    if (word.parts.empty() || word.parts[0].quoted) return false;
    auto* text = std::get_if<TextPart>(&word.parts[0].what);
    if (text == nullptr) return false;
    std::size_t equals = text->text.find('=');
    return equals != std::string::npos && is_name(std::string_view(text->text).substr(0, equals));
}

Assignment to_assignment(Word word) {
    auto& text = std::get<TextPart>(word.parts[0].what).text;
    std::size_t equals = text.find('=');
    Assignment assignment{.name = text.substr(0, equals)};
    text.erase(0, equals + 1);
    if (text.empty()) word.parts.erase(word.parts.begin());
    assignment.value = std::move(word);
    return assignment;
}

SyntaxError Parser::unexpected(std::string_view expected) const {
    return {token_.position,
            "found " + lexer_.describe(token_) + ", expected " + std::string(expected),
            at(Token::Kind::end)};
}

Parsed<void> Parser::advance() {
    previous_end_ = token_.end;
    token_ = TRY(lexer_.next());
    return {};
}

Parsed<void> Parser::skip_newlines() {
    while (at(Token::Kind::newline)) TRY(advance());
    return {};
}

bool Parser::at_word(std::string_view reserved) const {
    if (!at(Token::Kind::word)) return false;
    const std::string* plain = token_.word.plain();
    return plain != nullptr && *plain == reserved;
}

bool Parser::at_list_end() const {
    if (at(Token::Kind::end) || at(Token::Kind::close) || at(Token::Kind::end_case)) return true;
    return std::ranges::any_of(closers, [&](auto closer) { return at_word(closer); });
}

std::string Parser::text_from(std::size_t begin) const {
    return std::string(lexer_.source().substr(begin, previous_end_ - begin));
}

Parsed<List> Parser::program() {
    TRY(advance());
    List result = TRY(list());
    if (!at(Token::Kind::end)) return base::fail(unexpected("a command"));
    if (lexer_.document_missing())
        return base::fail(unexpected("the lines of the document after <<"));
    return result;
}

Parsed<List> Parser::list_until_close() {
    TRY(advance());
    List result = TRY(list());
    if (!at(Token::Kind::close)) return base::fail(unexpected("`)`"));
    return result;
}

Parsed<List> Parser::list() {
    if (++depth_ > Lexer::max_depth)
        return base::fail(SyntaxError{token_.position, "nested too deeply", false});
    TRY(skip_newlines());
    List result = TRY(items(false));
    --depth_;
    return result;
}

Parsed<List> Parser::items(bool one_line) {
    List result;
    while (true) {
        TRY(replace_aliases());
        if (at_list_end()) break;
        AndOr item = TRY(and_or());
        bool separated = at(Token::Kind::semicolon) || (at(Token::Kind::newline) && !one_line);
        if (at(Token::Kind::ampersand)) {
            item.background = true;
            separated = true;
        }
        result.items.push_back(std::move(item));
        if (!separated) break;
        TRY(advance());
        if (one_line && at(Token::Kind::newline)) break;
        TRY(skip_newlines());
    }
    return result;
}

Parsed<std::optional<List>> Parser::next_line() {
    do TRY(advance());
    while (at(Token::Kind::newline));
    if (at(Token::Kind::end)) return std::nullopt;
    line_begin_ = token_.begin;
    List result = TRY(items(true));
    if (!at(Token::Kind::newline) && !at(Token::Kind::end))
        return base::fail(unexpected("a command"));
    if (lexer_.document_missing())
        return base::fail(unexpected("the lines of the document after <<"));
    return result;
}

const std::string* Parser::alias() const {
    const std::string* name = at(Token::Kind::word) ? token_.word.plain() : nullptr;
    if (name == nullptr || lexer_.aliases() == nullptr) return nullptr;
    auto found = lexer_.aliases()->find(*name);
    bool in_itself = std::ranges::any_of(replaced_, [&](const auto& one) {
        return one.first == *name && token_.begin < one.second;
    });
    return found == lexer_.aliases()->end() || in_itself ? nullptr : &found->second;
}

Parsed<void> Parser::replace_aliases() {
    while (const std::string* value = alias()) {
        std::string name = *token_.word.plain();
        std::size_t length = token_.end - token_.begin;
        std::size_t longer = value->size() - length;
        text_ = std::string(lexer_.source()).replace(token_.begin, length, *value);
        growth_ += longer;
        for (auto& [other, end] : replaced_) {
            if (end > token_.begin) end += longer;
        }
        std::size_t end = token_.begin + value->size();
        replaced_.emplace_back(std::move(name), end);
        bool blank = value->ends_with(' ') || value->ends_with('\t');
        if (blank) {
            next_may_be_alias_ = end;
        } else if (next_may_be_alias_) {
            *next_may_be_alias_ += longer;
        }
        lexer_.resume(text_, token_);
        token_ = TRY(lexer_.next());
    }
    return {};
}

Parsed<AndOr> Parser::and_or() {
    AndOr result;
    std::size_t begin = token_.begin;
    auto link = AndOr::Link::always;
    while (true) {
        result.pipelines.emplace_back(link, TRY(pipeline()));
        if (at(Token::Kind::and_if)) {
            link = AndOr::Link::if_success;
        } else if (at(Token::Kind::or_if)) {
            link = AndOr::Link::if_failure;
        } else {
            break;
        }
        TRY(advance());
        TRY(skip_newlines());
    }
    result.source = text_from(begin);
    return result;
}

Parsed<Pipeline> Parser::pipeline() {
    Pipeline result;
    TRY(replace_aliases());
    std::size_t begin = token_.begin;
    while (at_word("!")) {
        result.negated = !result.negated;
        TRY(advance());
        TRY(replace_aliases());
    }
    result.commands.push_back(TRY(command()));
    while (at(Token::Kind::pipe)) {
        TRY(advance());
        TRY(skip_newlines());
        TRY(replace_aliases());
        result.commands.push_back(TRY(command()));
    }
    result.source = text_from(begin);
    return result;
}

bool Parser::at_compound() const {
    return at(Token::Kind::open) ||
           std::ranges::any_of(openers, [&](auto opener) { return at_word(opener); });
}

Parsed<Command> Parser::command() {
    Command result;
    const std::size_t line = token_.position.line;
    if (at_compound()) {
        result = TRY(compound());
        result.line = line;
        while (at_redirection()) result.redirections.push_back(TRY(redirection()));
        return result;
    }
    result.line = line;
    SimpleCommand command = TRY(simple(result.redirections));
    if (!at(Token::Kind::open)) {
        result.what = std::move(command);
        return result;
    }
    const std::string* name = command.words.size() == 1 ? command.words[0].plain() : nullptr;
    bool only_a_name = command.assignments.empty() && result.redirections.empty();
    if (name == nullptr || !only_a_name || !is_name(*name))
        return base::fail(unexpected("no parenthesis, or the name of a function before it"));
    result.what = TRY(function(*name));
    return result;
}

Parsed<FunctionDefinition> Parser::function(std::string name) {
    TRY(advance());
    if (!at(Token::Kind::close)) return base::fail(unexpected("`)`"));
    TRY(advance());
    TRY(skip_newlines());
    if (!at_compound()) return base::fail(unexpected("the body of the function, such as { ...; }"));
    if (++depth_ > Lexer::max_depth)
        return base::fail(SyntaxError{token_.position, "nested too deeply", false});
    auto inside = std::make_shared<Command>(TRY(command()));
    --depth_;
    return FunctionDefinition{std::move(name), std::move(inside)};
}

Parsed<Command> Parser::compound() {
    Command result;
    if (at(Token::Kind::open)) {
        result.what = TRY(subshell());
    } else if (at_word("{")) {
        result.what = TRY(braces());
    } else if (at_word("if")) {
        result.what = TRY(if_command());
    } else if (at_word("for")) {
        result.what = TRY(for_command());
    } else if (at_word("case")) {
        result.what = TRY(case_command());
    } else {
        result.what = TRY(while_command());
    }
    return result;
}

Parsed<SimpleCommand> Parser::simple(std::vector<Redirection>& redirections) {
    if ((!at(Token::Kind::word) && !at_redirection()) || at_list_end())
        return base::fail(unexpected("a command"));
    SimpleCommand result;
    while (true) {
        bool may_be_alias = result.words.empty();
        if (next_may_be_alias_ && token_.begin >= *next_may_be_alias_) {
            next_may_be_alias_.reset();
            may_be_alias = true;
        }
        if (may_be_alias) TRY(replace_aliases());
        if (at_redirection()) {
            redirections.push_back(TRY(redirection()));
        } else if (at(Token::Kind::word)) {
            if (result.words.empty() && is_assignment(token_.word)) {
                result.assignments.push_back(to_assignment(std::move(token_.word)));
            } else {
                result.words.push_back(std::move(token_.word));
            }
            TRY(advance());
        } else {
            break;
        }
    }
    return result;
}

Parsed<Parser::Body> Parser::body(std::string_view what) {
    List inside = TRY(list());
    if (inside.items.empty()) return base::fail(unexpected(what));
    return std::make_shared<const List>(std::move(inside));
}

Parsed<void> Parser::expect(std::string_view reserved) {
    if (!at_word(reserved)) return base::fail(unexpected("`" + std::string(reserved) + "`"));
    return advance();
}

Parsed<Group> Parser::subshell() {
    TRY(advance());
    Group result{.body = TRY(body("a command")), .subshell = true};
    if (!at(Token::Kind::close)) return base::fail(unexpected("`)`"));
    TRY(advance());
    return result;
}

Parsed<Group> Parser::braces() {
    TRY(advance());
    Group result{.body = TRY(body("a command"))};
    TRY(expect("}"));
    return result;
}

Parsed<IfCommand> Parser::if_command() {
    IfCommand result;
    do {
        TRY(advance());
        IfCommand::Branch branch;
        branch.condition = TRY(body("a condition"));
        TRY(expect("then"));
        branch.body = TRY(body("a command"));
        result.branches.push_back(std::move(branch));
    } while (at_word("elif"));
    if (at_word("else")) {
        TRY(advance());
        result.otherwise = TRY(body("a command"));
    }
    TRY(expect("fi"));
    return result;
}

Parsed<WhileCommand> Parser::while_command() {
    WhileCommand result{.until = at_word("until")};
    TRY(advance());
    result.condition = TRY(body("a condition"));
    TRY(expect("do"));
    result.body = TRY(body("a command"));
    TRY(expect("done"));
    return result;
}

Parsed<ForCommand> Parser::for_command() {
    TRY(advance());
    const std::string* name = at(Token::Kind::word) ? token_.word.plain() : nullptr;
    if (name == nullptr || !is_name(*name)) return base::fail(unexpected("the name of a variable"));
    ForCommand result{.name = *name};
    TRY(advance());
    TRY(skip_newlines());
    result.over_arguments = !at_word("in");
    if (!result.over_arguments) {
        TRY(advance());
        for (; at(Token::Kind::word); TRY(advance())) result.words.push_back(token_.word);
    }
    if (at(Token::Kind::semicolon)) TRY(advance());
    TRY(skip_newlines());
    TRY(expect("do"));
    result.body = TRY(body("a command"));
    TRY(expect("done"));
    return result;
}

Parsed<CaseCommand> Parser::case_command() {
    TRY(advance());
    if (!at(Token::Kind::word)) return base::fail(unexpected("a word"));
    CaseCommand result{.subject = std::move(token_.word)};
    TRY(advance());
    TRY(skip_newlines());
    TRY(expect("in"));
    TRY(skip_newlines());
    while (!at_word("esac")) {
        result.items.push_back(TRY(case_item()));
        if (!at(Token::Kind::end_case)) break;
        TRY(advance());
        TRY(skip_newlines());
    }
    TRY(expect("esac"));
    return result;
}

Parsed<CaseCommand::Item> Parser::case_item() {
    CaseCommand::Item item;
    if (at(Token::Kind::open)) TRY(advance());
    while (true) {
        if (!at(Token::Kind::word)) return base::fail(unexpected("a pattern"));
        item.patterns.push_back(std::move(token_.word));
        TRY(advance());
        if (!at(Token::Kind::pipe)) break;
        TRY(advance());
    }
    if (!at(Token::Kind::close)) return base::fail(unexpected("`)` after the pattern"));
    TRY(advance());
    item.body = std::make_shared<const List>(TRY(list()));
    return item;
}

bool Parser::at_redirection() const {
    return token_.kind >= Token::Kind::less && token_.kind <= Token::Kind::document_tabs;
}

Parsed<Redirection> Parser::redirection() {
    using Kind = Redirection::Kind;
    Redirection result;
    bool input = false;
    switch (token_.kind) {
        case Token::Kind::less:          result.kind = Kind::read, input = true; break;
        case Token::Kind::read_write:    result.kind = Kind::read_write, input = true; break;
        case Token::Kind::document:
        case Token::Kind::document_tabs: result.kind = Kind::document, input = true; break;
        case Token::Kind::duplicate_in:  result.kind = Kind::duplicate, input = true; break;
        case Token::Kind::clobber:       result.kind = Kind::clobber; break;
        case Token::Kind::append:        result.kind = Kind::append; break;
        case Token::Kind::duplicate_out: result.kind = Kind::duplicate; break;
        default:                         result.kind = Kind::write; break;
    }
    result.descriptor = token_.descriptor.value_or(input ? 0 : 1);
    bool drop_tabs = at(Token::Kind::document_tabs);
    TRY(advance());
    if (!at(Token::Kind::word)) {
        SyntaxError error = unexpected("the name of a file after the redirection");
        error.incomplete = false;
        return base::fail(std::move(error));
    }
    if (result.kind == Kind::document)
        result.document = lexer_.expect_document(token_.word, drop_tabs);
    result.target = std::move(token_.word);
    TRY(advance());
    return result;
}

}  // namespace shell
