// SPDX-License-Identifier: MIT
// Screen: the text of one virtual terminal, as xterm would show it.
//
// A grid of cells, a cursor, a style for what is printed next, a scroll region, and an alternate grid without scrollback.
// Pure: it draws nothing; whoever does compares the cells with what is drawn.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "servers/console/cell.hpp"
#include "servers/console/parser.hpp"

namespace console {

class Screen final : Parser::Sink {
public:
    static constexpr std::size_t scrollback_lines = 400;

    Screen(std::uint32_t columns, std::uint32_t rows);
    Screen(const Screen&) = delete;

    void write(std::string_view bytes);

    [[nodiscard]] std::uint32_t columns() const { return columns_; }
    [[nodiscard]] std::uint32_t rows() const { return rows_; }
    // As it is seen: with the cursor, scrolled back if it is.
    [[nodiscard]] Cell seen(std::uint32_t row, std::uint32_t column) const;
    // Pages up (positive) or down.
    void scroll_view(std::int32_t pages);

private:
    using Line = std::vector<Cell>;
    struct Cursor {
        std::uint32_t row = 0;
        std::uint32_t column = 0;
        bool wrap_pending =
            false;  // the last column was printed: the next character goes to a new line
        Style style;
    };

    void print(char32_t character) override;
    void control(char byte) override;
    void escape(char intermediate, char final) override;
    void control_sequence(const ControlSequence& sequence) override;

    void move_to(std::uint32_t row, std::uint32_t column);
    void move_cursor(const ControlSequence& sequence);
    void line_feed();
    void reverse_line_feed();
    void scroll_up(std::uint32_t top, std::uint32_t count, bool into_history = true);
    void scroll_down(std::uint32_t top, std::uint32_t count);
    void erase(std::uint32_t row, std::uint32_t from, std::uint32_t to);
    void erase_display(std::uint32_t what);
    void erase_line(std::uint32_t what);
    void edit_line(const ControlSequence& sequence);
    void set_modes(const ControlSequence& sequence, bool on);
    void set_alternate(bool on);
    void select_style(const ControlSequence& sequence);
    [[nodiscard]] std::uint32_t extended_colour(const ControlSequence& sequence, std::size_t& i,
                                                std::uint32_t before) const;
    [[nodiscard]] Line blank_line() const;
    void reset();

    const std::uint32_t columns_;
    const std::uint32_t rows_;
    std::vector<Line> lines_;
    std::vector<Line>
        other_lines_;  // the grid that is not shown: of the alternate screen, or of the main one
    std::deque<Line> scrollback_;
    std::uint32_t view_offset_ = 0;  // lines that the view is scrolled back
    Cursor cursor_;
    Cursor saved_;
    std::uint32_t top_ = 0;     // scroll region
    std::uint32_t bottom_ = 0;  // its last row
    bool alternate_ = false;
    bool cursor_visible_ = true;
    bool auto_wrap_ = true;
    bool insert_ = false;
    Parser parser_{*this};
};

}  // namespace console
