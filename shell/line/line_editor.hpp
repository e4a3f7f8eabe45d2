// SPDX-License-Identifier: MIT
// Editing one line on a terminal: bytes in, what to write to the terminal out. Does no input or
// output itself.
//
// The line is drawn from the prompt on over as many rows as it needs; one that is longer than the
// screen is shown around the cursor only, so that drawing never costs more than a screenful. What
// must be known about the screen is the row of the cursor, counted from the prompt's.
//
// While the cursor is at the end, the latest line of the history that begins like this one is shown behind it, faint, as far as the
// row has room. Right, End, Ctrl-F and Ctrl-E take it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shell/line/completion.hpp"
#include "shell/line/edit_buffer.hpp"
#include "shell/line/history.hpp"
#include "shell/line/keys.hpp"

namespace shell {

struct ScreenSize {
    std::size_t rows = 24;
    std::size_t columns = 80;
};

class LineEditor {
public:
    enum class Outcome { editing, accepted, interrupted, end_of_input };

    // Without a completer, Tab does nothing.
    explicit LineEditor(const History& history, Completer* completer = nullptr)
        : history_(history), completer_(completer) {}

    // Begins a line; the cursor stands at the start of a row.
    void begin(std::string prompt, ScreenSize size);

    // Takes one byte. What it changes is drawn by the next `draw`.
    Outcome feed(char byte);

    // What to write so that the terminal shows the line.
    std::string draw();
    // What to write when the line has been left: the cursor goes behind it, to a new row.
    std::string finish(Outcome outcome);

    // The screen has another size now.
    void resize(ScreenSize size);

    const std::string& text() const { return buffer_.text(); }
    std::size_t cursor() const { return buffer_.cursor(); }

private:
    struct Place {
        std::size_t row = 0;
        std::size_t column = 0;
    };

    Outcome apply(const Key& key);
    Outcome apply_edit(const Key& key);
    Outcome apply_search(const Key& key);
    void start_search();
    void search(std::size_t from);
    void complete();
    Outcome apply_control(char letter);
    void apply_alt(char letter);
    void recall(bool earlier);
    // What the history has for the line's rest, of plain characters; empty if it has nothing, or the cursor is not at the end.
    std::string_view suggestion() const;
    // True: there was one, and it is part of the line now.
    bool take_suggestion();

    std::optional<std::string> draw_appended();
    std::string draw_announcement();
    std::string draw_line();
    std::string draw_suggestion();
    std::string shown_prompt() const;
    void put(std::string& out, Place& place, std::string_view character) const;
    std::size_t window_start(std::size_t capacity) const;

    const History& history_;
    Completer* completer_;
    EditBuffer buffer_;
    KeyDecoder keys_;
    std::string prompt_;
    ScreenSize size_;

    std::size_t recalled_ = 0;  // index into the history; its size: the line being written
    std::string draft_;         // that line, while an older one is shown

    // Ctrl-R: the line shown is the latest one in the history that holds the query.
    bool searching_ = false;
    bool found_ = false;
    std::string query_;

    std::string announcement_;  // to be shown above the line: the candidates of a completion
    bool repeated_tab_ = false;

    std::string drawn_text_;  // what the terminal shows; for lines that fit only
    bool drawn_ = false;
    bool suggesting_ = true;
    bool suggestion_drawn_ = false;  // behind the cursor
    bool clear_screen_ = false;
    Place drawn_cursor_;
};

// How many columns a text takes, not counting escape sequences.
std::size_t visible_columns(std::string_view text);

}  // namespace shell
