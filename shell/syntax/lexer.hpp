// SPDX-License-Identifier: MIT
// From bytes to tokens: words (with their quoting and expansions taken apart), operators, newlines.
//
// Tokens are made on demand, because what `$(` means can only be said by the parser: the lexer
// calls it for the list inside, on the same source, and goes on after the closing parenthesis. Any
// bytes may come in; a zero byte is dropped (no argument of a program can hold one).
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libs/base/result.hpp"
#include "shell/syntax/ast.hpp"

namespace shell {

struct SyntaxError {
    Position position;
    std::string message;
    bool incomplete =
        false;  // more input could mend it: an open quote, a list that ends in `&&`, ...
};

template <class T>
using Parsed = base::Result<T, SyntaxError>;

// What `alias` has defined: a name, and the text that takes its place where a command begins.
using Aliases = std::map<std::string, std::string, std::less<>>;

struct Token {
    enum class Kind {
        end,
        newline,
        word,
        pipe,           // |
        and_if,         // &&
        or_if,          // ||
        semicolon,      // ;
        end_case,       // ;;
        ampersand,      // &
        open,           // (
        close,          // )
        less,           // <
        greater,        // >
        clobber,        // >|
        append,         // >>
        read_write,     // <>
        duplicate_in,   // <&
        duplicate_out,  // >&
        document,       // <<
        document_tabs,  // <<- : tabs at the start of its lines are dropped
    };
    Kind kind = Kind::end;
    Word word;
    std::optional<int> descriptor;  // of a redirection: the number written just before it
    Position position;
    std::size_t begin = 0, end = 0;  // in the source
};

class Lexer {
public:
    static constexpr int max_depth = 100;  // of expansions and lists within one another

    explicit Lexer(std::string_view source, int depth = 0, const Aliases* aliases = nullptr,
                   std::size_t first_line = 1)
        : source_(source), position_{.line = first_line}, depth_(depth), aliases_(aliases) {}

    Parsed<Token> next();

    // The parser has read `<<` and the word after it: the document begins with the next line. It is filled in when the
    // newline has been read.
    std::shared_ptr<const Word> expect_document(const Word& delimiter, bool drop_tabs);
    bool document_missing() const { return !documents_.empty(); }

    // The whole source as the text of a document, or of an expression: expansions, but no quotes.
    Parsed<Word> document_text();

    std::string_view source() const { return source_; }
    const Aliases* aliases() const { return aliases_; }
    // Goes on at the place where this token began, in a source that is the same up to there.
    void resume(std::string_view source, const Token& token) {
        source_ = source;
        offset_ = token.begin;
        position_ = token.position;
    }
    std::size_t offset() const { return offset_; }
    Position position() const { return position_; }
    int depth() const { return depth_; }

    // How a token is called in messages.
    std::string describe(const Token& token) const;

private:
    enum class Context { plain, double_quotes, braces, document };

    bool at_end() const { return offset_ >= source_.size(); }
    char peek(std::size_t ahead = 0) const;
    void advance(std::size_t count = 1);
    void skip_blanks_and_comment();
    bool skip_line_continuation();

    std::optional<Token::Kind> operator_token();
    Parsed<Word> plain_word();
    Parsed<Word> word_in_braces(bool quoted, bool is_pattern);
    Parsed<void> word_piece(Word& word, Context context);
    Parsed<void> single_quotes(Word& word);
    Parsed<void> double_quotes(Word& word);
    void backslash(Word& word, Context context);
    Parsed<void> dollar(Word& word, bool quoted);
    Parsed<void> braces(Word& word, bool quoted);
    Parsed<void> command(Word& word, bool quoted);
    Parsed<void> backquotes(Word& word, bool quoted);
    Parsed<void> arithmetic(Word& word, bool quoted);
    Parsed<void> read_documents();
    bool read_document(std::string_view delimiter, bool drop_tabs, std::string& text);
    ParameterPart::Operation brace_operation(ParameterPart& part);
    std::string parameter_name();

    SyntaxError error(Position at, std::string message, bool incomplete = false) const;

    struct PendingDocument {
        std::shared_ptr<Word> word;
        std::string delimiter;
        bool drop_tabs = false;
        bool literal = false;
        Position position;
    };

    std::string_view source_;
    std::size_t offset_ = 0;
    Position position_;
    int depth_;
    const Aliases* aliases_;  // for the lists in $( ); may be null
    std::vector<PendingDocument> documents_;
};

bool is_name_start(char c);
bool is_name_char(char c);
bool is_name(std::string_view text);

}  // namespace shell
