// SPDX-License-Identifier: MIT
#include "shell/syntax/lexer.hpp"

#include <utility>

#include "shell/syntax/parser.hpp"

namespace shell {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool ends_word(char c) {
    return is_blank(c) || c == '\n' || std::string_view("|&;<>()").contains(c);
}

void add_text(Word& word, std::string_view text, bool quoted) {
    if (!word.parts.empty() && word.parts.back().quoted == quoted) {
        if (auto* last = std::get_if<TextPart>(&word.parts.back().what)) {
            last->text += text;
            return;
        }
    }
    word.parts.push_back({TextPart{std::string(text)}, quoted});
}

// What the closing quote is missed for is told where the quote was opened.
std::string unclosed(std::string_view what) { return "no closing " + std::string(what); }

}  // namespace

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) { return is_name_start(c) || is_digit(c); }

bool is_name(std::string_view text) {
    if (text.empty() || !is_name_start(text[0])) return false;
    for (char c : text) {
        if (!is_name_char(c)) return false;
    }
    return true;
}

SyntaxError Lexer::error(Position at, std::string message, bool incomplete) const {
    return {at, std::move(message), incomplete};
}

char Lexer::peek(std::size_t ahead) const {
    return offset_ + ahead < source_.size() ? source_[offset_ + ahead] : '\0';
}

void Lexer::advance(std::size_t count) {
    for (; count > 0 && !at_end(); --count, ++offset_) {
        if (source_[offset_] == '\n') {
            ++position_.line;
            position_.column = 1;
        } else {
            ++position_.column;
        }
    }
}

bool Lexer::skip_line_continuation() {
    if (peek() != '\\' || peek(1) != '\n') return false;
    advance(2);
    return true;
}

void Lexer::skip_blanks_and_comment() {
    while (!at_end() && (is_blank(peek()) || peek() == '\0' || skip_line_continuation())) {
        if (is_blank(peek()) || (!at_end() && peek() == '\0')) advance();
    }
    if (peek() != '#') return;
    while (!at_end() && peek() != '\n') advance();
}

std::optional<Token::Kind> Lexer::operator_token() {
    using Kind = Token::Kind;
    struct Operator {
        std::string_view text;
        Kind kind;
    };
    // Of two that begin alike the longer one comes first.
    static constexpr Operator operators[] = {
        {"<<-", Kind::document_tabs}, {"<<", Kind::document},     {"&&", Kind::and_if},
        {"||", Kind::or_if},          {";;", Kind::end_case},     {">>", Kind::append},
        {"<>", Kind::read_write},     {"<&", Kind::duplicate_in}, {">&", Kind::duplicate_out},
        {">|", Kind::clobber},        {"\n", Kind::newline},      {"|", Kind::pipe},
        {";", Kind::semicolon},       {"&", Kind::ampersand},     {"(", Kind::open},
        {")", Kind::close},           {"<", Kind::less},          {">", Kind::greater},
    };
    for (const Operator& candidate : operators) {
        if (!source_.substr(offset_).starts_with(candidate.text)) continue;
        advance(candidate.text.size());
        return candidate.kind;
    }
    return std::nullopt;
}

Parsed<Token> Lexer::next() {
    skip_blanks_and_comment();
    Token token{.position = position_, .begin = offset_};
    std::size_t digits = 0;
    while (is_digit(peek(digits)) && digits < 5) ++digits;
    if (digits > 0 && (peek(digits) == '<' || peek(digits) == '>')) {
        token.descriptor = std::stoi(std::string(source_.substr(offset_, digits)));
        advance(digits);
    }
    if (at_end()) return token;
    if (auto kind = operator_token()) {
        token.kind = *kind;
        if (token.kind == Token::Kind::newline) TRY(read_documents());
    } else {
        token.kind = Token::Kind::word;
        token.word = TRY(plain_word());
    }
    token.end = offset_;
    return token;
}

std::string Lexer::describe(const Token& token) const {
    if (token.kind == Token::Kind::end) return "the end of the input";
    if (token.kind == Token::Kind::newline) return "the end of the line";
    std::string text = "`";
    for (char c : source_.substr(token.begin, std::min<std::size_t>(token.end - token.begin, 30))) {
        auto byte = static_cast<unsigned char>(c);
        text += byte < 0x20 || byte == 0x7f ? '?' : c;
    }
    return text + "`";
}

std::shared_ptr<const Word> Lexer::expect_document(const Word& delimiter, bool drop_tabs) {
    PendingDocument pending{
        .word = std::make_shared<Word>(), .drop_tabs = drop_tabs, .position = delimiter.position};
    // A delimiter with quotes anywhere: the document is taken as it stands.
    for (const WordPart& part : delimiter.parts) {
        if (auto* text = std::get_if<TextPart>(&part.what)) pending.delimiter += text->text;
        pending.literal |= part.quoted;
    }
    documents_.push_back(pending);
    return pending.word;
}

// The lines up to the delimiter. False if it does not come.
bool Lexer::read_document(std::string_view delimiter, bool drop_tabs, std::string& text) {
    while (!at_end()) {
        std::string_view line = source_.substr(offset_);
        line = line.substr(0, line.find('\n'));
        advance(line.size() + 1);
        if (drop_tabs) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
        if (line == delimiter) return true;
        text += line;
        text += '\n';
    }
    return false;
}

Parsed<void> Lexer::read_documents() {
    for (const PendingDocument& pending : std::exchange(documents_, {})) {
        std::string text;
        if (!read_document(pending.delimiter, pending.drop_tabs, text)) {
            std::string message = "the document is not ended by a line `" + pending.delimiter + "`";
            return base::fail(error(pending.position, std::move(message), true));
        }
        if (pending.literal) {
            pending.word->parts = {{TextPart{std::move(text)}, true}};
            continue;
        }
        auto word = Lexer(text, depth_ + 1).document_text();
        if (!word)
            return base::fail(
                error(pending.position, "inside the document: " + word.error().message));
        *pending.word = std::move(*word);
    }
    return {};
}

Parsed<Word> Lexer::document_text() {
    Word word;
    while (!at_end()) TRY(word_piece(word, Context::document));
    return word;
}

Parsed<Word> Lexer::plain_word() {
    Word word{.position = position_};
    while (!at_end() && !ends_word(peek())) TRY(word_piece(word, Context::plain));
    return word;
}

Parsed<void> Lexer::word_piece(Word& word, Context context) {
    bool quoted = context == Context::double_quotes || context == Context::document;
    switch (peek()) {
        case '\\': backslash(word, context); return {};
        case '$':  return dollar(word, quoted);
        case '`':  return backquotes(word, quoted);
        case '\'':
            if (!quoted) return single_quotes(word);
            break;
        case '"':
            if (!quoted) return double_quotes(word);
            break;
        case '\0': advance(); return {};
        default:   break;
    }
    add_text(word, source_.substr(offset_, 1), quoted);
    advance();
    return {};
}

void Lexer::backslash(Word& word, Context context) {
    if (skip_line_continuation()) return;
    char c = peek(1);
    if (offset_ + 1 >= source_.size()) {
        add_text(word, "\\", true);
        advance();
        return;
    }
    bool in_quotes = context == Context::double_quotes && !std::string_view("$`\"\\}").contains(c);
    bool in_document = context == Context::document && !std::string_view("$`\\").contains(c);
    bool keeps_backslash = in_quotes || in_document;
    if (keeps_backslash) add_text(word, "\\", true);
    if (c != '\0') add_text(word, source_.substr(offset_ + 1, 1), true);
    advance(2);
}

Parsed<void> Lexer::single_quotes(Word& word) {
    Position opened = position_;
    advance();
    std::size_t length = source_.substr(offset_).find('\'');
    if (length == std::string_view::npos)
        return base::fail(error(opened, unclosed("single quote (')"), true));
    std::string text(source_.substr(offset_, length));
    std::erase(text, '\0');
    add_text(word, text, true);
    advance(length + 1);
    return {};
}

Parsed<void> Lexer::double_quotes(Word& word) {
    Position opened = position_;
    advance();
    // Empty quotes make an empty argument; but "$@" without arguments makes none.
    if (peek() == '"') add_text(word, "", true);
    while (!at_end() && peek() != '"') TRY(word_piece(word, Context::double_quotes));
    if (at_end()) return base::fail(error(opened, unclosed("double quote (\")"), true));
    advance();
    return {};
}

std::string Lexer::parameter_name() {
    std::size_t start = offset_;
    if (is_name_start(peek())) {
        while (is_name_char(peek())) advance();
    } else if (!at_end() && (is_digit(peek()) || std::string_view("@*#?-$!").contains(peek()))) {
        advance();
    }
    return std::string(source_.substr(start, offset_ - start));
}

Parsed<void> Lexer::dollar(Word& word, bool quoted) {
    Position start = position_;
    if (depth_ >= max_depth) return base::fail(error(start, "nested too deeply"));
    if (source_.substr(offset_).starts_with("$((")) return arithmetic(word, quoted);
    advance();
    if (peek() == '(') return command(word, quoted);
    if (peek() == '{') return braces(word, quoted);
    std::string name = parameter_name();
    if (name.empty()) {
        add_text(word, "$", quoted);
    } else {
        word.parts.push_back({ParameterPart{.name = std::move(name)}, quoted});
    }
    return {};
}

// What follows the name in ${name...}: reads the operator.
ParameterPart::Operation Lexer::brace_operation(ParameterPart& part) {
    using Operation = ParameterPart::Operation;
    if (peek() == ':' && std::string_view("-=?+").contains(peek(1))) {
        part.empty_is_unset = true;
        advance();
    }
    char c = peek();
    bool doubled = peek(1) == c;
    switch (c) {
        case '-': advance(); return Operation::or_default;
        case '=': advance(); return Operation::assign_default;
        case '?': advance(); return Operation::or_error;
        case '+': advance(); return Operation::if_set;
        case '#':
            advance(doubled ? 2 : 1);
            return doubled ? Operation::remove_long_prefix : Operation::remove_short_prefix;
        case '%':
            advance(doubled ? 2 : 1);
            return doubled ? Operation::remove_long_suffix : Operation::remove_short_suffix;
        default: return Operation::value;
    }
}

Parsed<void> Lexer::braces(Word& word, bool quoted) {
    Position opened = position_;
    advance();
    ParameterPart part;
    bool length = peek() == '#' && peek(1) != '}';
    if (length) advance();
    part.name = parameter_name();
    while (!part.name.empty() && is_digit(part.name[0]) && is_digit(peek())) {
        part.name += peek();
        advance();
    }
    part.operation = length ? ParameterPart::Operation::length : brace_operation(part);
    if (part.operation != ParameterPart::Operation::value && !length) {
        ++depth_;
        bool is_pattern = part.operation >= ParameterPart::Operation::remove_short_prefix;
        auto operand = word_in_braces(quoted, is_pattern);
        --depth_;
        part.operand = std::make_shared<Word>(TRY(std::move(operand)));
    }
    if (at_end()) return base::fail(error(opened, unclosed("brace (})"), true));
    if (peek() != '}' || part.name.empty())
        return base::fail(error(opened, "not the name of a variable in ${...}"));
    advance();
    word.parts.push_back({std::move(part), quoted});
    return {};
}

// A pattern has quotes of its own, even if the whole is in quotes: "${x%"$suffix"}".
Parsed<Word> Lexer::word_in_braces(bool quoted, bool is_pattern) {
    Word word{.position = position_};
    Context context = quoted && !is_pattern ? Context::double_quotes : Context::braces;
    while (!at_end() && peek() != '}') {
        if (peek() == '"') {
            TRY(double_quotes(word));
        } else {
            TRY(word_piece(word, context));
        }
    }
    return word;
}

Parsed<void> Lexer::command(Word& word, bool quoted) {
    Position opened = position_;
    advance();
    // The list inside is parsed from here on; columns in its errors are shifted to this place.
    Parser parser(source_.substr(offset_), depth_ + 1, aliases_, position_.line);
    auto list = parser.list_until_close();
    if (!list) {
        SyntaxError inner = list.error();
        if (inner.position.line == position_.line) inner.position.column += position_.column - 1;
        return base::fail(std::move(inner));
    }
    advance(parser.consumed());
    if (at_end() && (source_.empty() || source_[offset_ - 1] != ')'))
        return base::fail(error(opened, unclosed("parenthesis"), true));
    word.parts.push_back({CommandPart{std::make_shared<List>(std::move(*list))}, quoted});
    return {};
}

// $((...)): the text up to the two closing parentheses that belong to the opening ones.
Parsed<void> Lexer::arithmetic(Word& word, bool quoted) {
    Position opened = position_;
    advance(3);
    std::size_t start = offset_;
    for (int open = 0; !at_end(); advance()) {
        if (peek() == '(') ++open;
        if (peek() != ')') continue;
        if (open == 0) break;
        --open;
    }
    std::string_view text = source_.substr(start, offset_ - start);
    if (at_end()) return base::fail(error(opened, unclosed("parentheses"), true));
    if (peek(1) != ')')
        return base::fail(error(position_, "found `)`, expected `))` at the end of $((...))"));
    advance(2);
    auto expression = Lexer(text, depth_ + 1).document_text();
    if (!expression)
        return base::fail(error(opened, "inside $((...)): " + expression.error().message));
    word.parts.push_back({ArithmeticPart{std::make_shared<Word>(std::move(*expression))}, quoted});
    return {};
}

// `...` is $(...) after one layer of backslashes has been taken off.
Parsed<void> Lexer::backquotes(Word& word, bool quoted) {
    Position opened = position_;
    if (depth_ >= max_depth) return base::fail(error(opened, "nested too deeply"));
    advance();
    std::string text;
    while (!at_end() && peek() != '`') {
        bool escaped = peek() == '\\' &&
                       (std::string_view("$`\\").contains(peek(1)) || (quoted && peek(1) == '"'));
        if (escaped) advance();
        text += peek();
        advance();
    }
    if (at_end()) return base::fail(error(opened, unclosed("backquote (`)"), true));
    advance();
    auto list = Parser(text, depth_ + 1, aliases_, opened.line).program();
    if (!list) return base::fail(error(opened, "inside backquotes: " + list.error().message));
    word.parts.push_back({CommandPart{std::make_shared<List>(std::move(*list))}, quoted});
    return {};
}

}  // namespace shell
