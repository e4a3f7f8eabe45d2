// SPDX-License-Identifier: MIT
// Screen: the text of one virtual terminal, as xterm would show it: what terminfo says of xterm-256color, but for
// printing and blinking.
//
// A grid of cells, a cursor, a style for what is printed next, a scroll region (margins on all four sides), and an alternate
// grid without scrollback.
// Pure: it draws nothing; whoever does compares the cells with what is drawn. What it is asked for (its size, where the cursor
// is) it answers as xterm does, by bytes that a keyboard could have sent.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "servers/console/cell.hpp"
#include "servers/console/parser.hpp"

namespace console {

class Screen final : Parser::Sink {
public:
    static constexpr std::size_t scrollback_lines = 400;
    // Of answers to what one write asked: more are not given.
    static constexpr std::size_t most_answered = 256;

    Screen(std::uint32_t columns, std::uint32_t rows);
    Screen(const Screen&) = delete;

    void write(std::string_view bytes);
    // What was asked for since the last time.
    [[nodiscard]] std::string take_answers();

    [[nodiscard]] std::uint32_t columns() const { return columns_; }
    [[nodiscard]] std::uint32_t rows() const { return rows_; }
    // As it is seen: with the cursor, scrolled back if it is.
    [[nodiscard]] Cell seen(std::uint32_t row, std::uint32_t column) const;
    // Pages up (positive) or down.
    void scroll_view(std::int32_t pages);
    // Programs want the cursor keys' other sequences (xterm's "application cursor keys").
    [[nodiscard]] bool application_cursor() const { return modes_.application_cursor; }

private:
    using Line = std::vector<Cell>;
    struct Cursor {
        std::uint32_t row = 0;
        std::uint32_t column = 0;
        // The last column was printed: the next character goes to a new line.
        bool wrap_pending = false;
        bool origin = false;             // rows and columns count from the scroll region's first
        bool line_drawing[2] = {};       // the character sets G0 and G1
        std::uint8_t character_set = 0;  // which of them is in use
        std::int8_t basic = -1;          // 0 to 7: the foreground, brighter when bold
        Style style;
    };
    struct Modes {
        bool auto_wrap = true;
        bool cursor_visible = true;
        bool insert = false;
        bool new_line = false;  // a line feed returns, too
        bool inverse = false;   // the whole screen
        bool application_cursor = false;
        bool side_margins = false;  // `s` sets them
    };
    struct Colour {
        std::uint32_t number, value;
    };

    void print(char32_t character) override;
    void control(char byte) override;
    void escape(char intermediate, char final) override;
    void control_sequence(const ControlSequence& sequence) override;
    void command(std::string_view text) override;

    // ---- characters (screen.cpp)
    void move_to(std::uint32_t row, std::uint32_t column);
    void carriage_return();
    void tab(std::uint32_t count, bool back);
    [[nodiscard]] bool between_margins() const;
    // The last column that printing and moving to the right reach, and the first to the left.
    [[nodiscard]] std::uint32_t last_column() const;
    [[nodiscard]] std::uint32_t first_column() const;
    [[nodiscard]] bool full_width() const;
    void part_at(std::uint32_t row, std::uint32_t column);
    void move_columns(std::uint32_t from, std::uint32_t to);
    void line_feed();
    void reverse_line_feed();
    void scroll_up(std::uint32_t top, std::uint32_t count, bool into_history = true);
    void scroll_down(std::uint32_t top, std::uint32_t count);
    void keep_in_scrollback(const Line& line);
    void put(std::uint32_t column, const Cell& cell);
    void erase(std::uint32_t row, std::uint32_t from, std::uint32_t to);
    void erase_display(std::uint32_t what);
    void erase_line(std::uint32_t what);
    [[nodiscard]] Cell blank() const;

    // ---- sequences (screen_sequences.cpp)
    void place_cursor(std::uint32_t row, std::uint32_t column);
    void move_cursor(const ControlSequence& sequence);
    void edit_line(const ControlSequence& sequence);
    void edit_lines(const ControlSequence& sequence);
    void set_region(const ControlSequence& sequence);
    void set_side_margins(const ControlSequence& sequence);
    void reset_region();
    void set_modes(const ControlSequence& sequence, bool on);
    void set_private_mode(std::uint32_t mode, bool on);
    void set_alternate(bool on);
    void select_style(const ControlSequence& sequence);
    void select_attribute(std::uint32_t parameter);
    void select_colour(const ControlSequence& sequence, std::size_t& i);
    void set_basic(std::int8_t colour);
    [[nodiscard]] std::uint32_t extended_colour(const ControlSequence& sequence, std::size_t& i,
                                                std::uint32_t before) const;
    [[nodiscard]] std::uint32_t colour(std::uint32_t number) const;
    void set_colour(std::string_view text);
    void report(const ControlSequence& sequence);
    void answer(std::string_view text);
    void answer_numbers(std::string_view start, std::uint32_t first, std::uint32_t second,
                        char end);
    void reset_tabs();
    void soft_reset();
    void reset();

    const std::uint32_t columns_;
    const std::uint32_t rows_;
    std::vector<Line> lines_;
    // The grid that is not shown: of the alternate screen, or of the main one.
    std::vector<Line> other_lines_;
    std::deque<Line> scrollback_;
    std::uint32_t view_offset_ = 0;  // lines that the view is scrolled back
    Cursor cursor_;
    Cursor saved_;
    std::uint32_t top_ = 0;     // scroll region
    std::uint32_t bottom_ = 0;  // its last row
    std::uint32_t left_ = 0;    // its first column
    std::uint32_t right_ = 0;   // its last column
    bool alternate_ = false;
    Modes modes_;
    std::vector<bool> tabs_;
    std::vector<Colour> colours_;  // that differ from the palette's
    char32_t printed_ = 0;         // the last character, to be repeated
    std::string answers_;
    Parser parser_{*this};
};

}  // namespace console
