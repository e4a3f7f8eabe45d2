// SPDX-License-Identifier: MIT
#include "shell/line/edit_buffer.hpp"

#include "shell/line/utf8.hpp"

namespace shell {

namespace {

// Letters, digits and all that is not ASCII belong to words.
bool in_word(char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
}

}  // namespace

void EditBuffer::set(std::string_view text) {
    text_ = text.substr(0, longest);
    cursor_ = text_.size();
}

void EditBuffer::insert(std::string_view text) {
    if (text_.size() + text.size() > longest) return;
    text_.insert(cursor_, text);
    cursor_ += text.size();
}

void EditBuffer::replace_before_cursor(std::size_t from, std::string_view text) {
    text_.erase(from, cursor_ - from);
    cursor_ = from;
    insert(text);
}

void EditBuffer::left() { cursor_ = previous_boundary(text_, cursor_); }
void EditBuffer::right() { cursor_ = next_boundary(text_, cursor_); }

void EditBuffer::erase_left() {
    std::size_t from = previous_boundary(text_, cursor_);
    text_.erase(from, cursor_ - from);
    cursor_ = from;
}

void EditBuffer::erase_right() { text_.erase(cursor_, next_boundary(text_, cursor_) - cursor_); }

void EditBuffer::cut(std::size_t from, std::size_t to) {
    if (from == to) return;
    cut_ = text_.substr(from, to - from);
    text_.erase(from, to - from);
    cursor_ = from;
}

std::size_t EditBuffer::word_start() const {
    std::size_t at = cursor_;
    while (at > 0 && !in_word(text_[at - 1])) --at;
    while (at > 0 && in_word(text_[at - 1])) --at;
    return at;
}

std::size_t EditBuffer::blank_word_start() const {
    std::size_t at = cursor_;
    while (at > 0 && text_[at - 1] == ' ') --at;
    while (at > 0 && text_[at - 1] != ' ') --at;
    return at;
}

std::size_t EditBuffer::word_end() const {
    std::size_t at = cursor_;
    while (at < text_.size() && !in_word(text_[at])) ++at;
    while (at < text_.size() && in_word(text_[at])) ++at;
    return at;
}

void EditBuffer::transpose() {
    std::size_t second = cursor_ == text_.size() ? previous_boundary(text_, cursor_) : cursor_;
    std::size_t first = previous_boundary(text_, second);
    std::size_t after = next_boundary(text_, second);
    if (first == second) return;
    std::string swapped =
        text_.substr(second, after - second) + text_.substr(first, second - first);
    text_.replace(first, after - first, swapped);
    cursor_ = after;
}

}  // namespace shell
