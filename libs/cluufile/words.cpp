// SPDX-License-Identifier: MIT
#include "libs/cluufile/words.hpp"

namespace cluufile {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool is_control(char c) {
    auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
}

}  // namespace

Words::Words(std::string_view file, std::uint32_t number, std::string_view line)
    : file_(file), number_(number), line_(line) {
    if (line_.ends_with('\r')) line_.remove_suffix(1);
}

Error Words::error(const Word& word, std::string_view expected, std::uint32_t earlier) const {
    bool empty_quotes = word.text.empty() && !word.end;
    return {file_, number_, word.column, empty_quotes ? "\"\"" : word.text, expected, earlier};
}

Error Words::error_at(std::size_t position, std::size_t length, std::string_view expected) const {
    auto column = static_cast<std::uint32_t>(position + 1);
    return {file_, number_, column, line_.substr(position, length), expected};
}

base::Result<Word, Error> Words::next() {
    while (position_ < line_.size() && is_blank(line_[position_])) ++position_;
    auto column = static_cast<std::uint32_t>(position_ + 1);
    if (position_ == line_.size()) return Word{.column = column, .end = true};
    if (line_[position_] == '#') {
        for (; position_ < line_.size(); ++position_) {
            if (is_control(line_[position_]))
                return base::fail(error_at(position_, 1, "text without control bytes"));
        }
        return Word{.column = column, .end = true};
    }
    if (line_[position_] == '"' || line_[position_] == '\'') return quoted();

    std::size_t start = position_;
    for (; position_ < line_.size() && !is_blank(line_[position_]); ++position_) {
        char c = line_[position_];
        if (is_control(c)) return base::fail(error_at(position_, 1, "text without control bytes"));
        if (c == '"' || c == '\'')
            return base::fail(error_at(position_, 1, "quotes around the whole word, or none"));
    }
    return Word{.text = line_.substr(start, position_ - start), .column = column};
}

base::Result<Word, Error> Words::quoted() {
    std::size_t start = position_;
    char quote = line_[position_++];
    for (; position_ < line_.size() && line_[position_] != quote; ++position_) {
        if (is_control(line_[position_]))
            return base::fail(error_at(position_, 1, "text without control bytes"));
    }
    if (position_ == line_.size())
        return base::fail(
            error_at(start, line_.size() - start, "a closing quote on the same line"));
    std::string_view text = line_.substr(start + 1, position_ - start - 1);
    ++position_;
    if (position_ < line_.size() && !is_blank(line_[position_]))
        return base::fail(error_at(position_, 1, "a blank after the closing quote"));
    return Word{.text = text, .column = static_cast<std::uint32_t>(start + 1)};
}

}  // namespace cluufile
