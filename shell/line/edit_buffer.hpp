// SPDX-License-Identifier: MIT
// A line of text with a cursor, and what editing keys do to it. The cursor is always between two
// characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace shell {

class EditBuffer {
public:
    static constexpr std::size_t longest = 4 * 1024 * 1024;

    const std::string& text() const { return text_; }
    std::size_t cursor() const { return cursor_; }

    void set(std::string_view text);
    void insert(std::string_view text);
    // Puts `text` in the place of what is between `from` and the cursor.
    void replace_before_cursor(std::size_t from, std::string_view text);
    // To a boundary between characters.
    void move_to(std::size_t cursor) { cursor_ = cursor; }

    void left();
    void right();
    void home() { cursor_ = 0; }
    void end() { cursor_ = text_.size(); }
    void word_left() { cursor_ = word_start(); }
    void word_right() { cursor_ = word_end(); }

    void erase_left();
    void erase_right();

    // These keep what they cut, for `yank`.
    void cut_to_end() { cut(cursor_, text_.size()); }
    void cut_to_start() { cut(0, cursor_); }
    void cut_blank_word_left() { cut(blank_word_start(), cursor_); }  // up to a blank
    void cut_word_left() { cut(word_start(), cursor_); }
    void cut_word_right() { cut(cursor_, word_end()); }
    void yank() { insert(cut_); }

    // Exchanges the characters around the cursor.
    void transpose();

private:
    void cut(std::size_t from, std::size_t to);
    std::size_t word_start() const;
    std::size_t blank_word_start() const;
    std::size_t word_end() const;

    std::string text_;
    std::size_t cursor_ = 0;
    std::string cut_;
};

}  // namespace shell
