// SPDX-License-Identifier: MIT
// Where characters go, and what moves and disappears because of them. What sequences ask for: screen_sequences.cpp.
#include "servers/console/screen.hpp"

#include <algorithm>
#include <utility>

#include "servers/console/width.hpp"

namespace console {

namespace {

// DEC's special graphics, from '_' to '~'.
constexpr std::u32string_view line_drawing =
    U" \u25c6\u2592\u2409\u240c\u240d\u240a\u00b0\u00b1\u2424\u240b\u2518\u2510\u250c\u2514\u253c"
    U"\u23ba\u23bb\u2500\u23bc\u23bd\u251c\u2524\u2534\u252c\u2502\u2264\u2265\u03c0\u2260\u00a3"
    U"\u00b7";

// Bold characters are brighter: there is one font.
constexpr std::uint32_t bold_foreground = 0xffffff;

constexpr std::uint32_t half(std::uint32_t colour) { return colour >> 1 & 0x7f7f7f; }

}  // namespace

Screen::Screen(std::uint32_t columns, std::uint32_t rows)
    : columns_(columns),
      rows_(rows),
      lines_(rows, Line(columns)),
      bottom_(rows - 1),
      right_(columns - 1) {
    reset_tabs();
}

void Screen::write(std::string_view bytes) {
    view_offset_ = 0;
    parser_.feed(bytes);
}

std::string Screen::take_answers() { return std::exchange(answers_, {}); }

Cell Screen::seen(std::uint32_t row, std::uint32_t column) const {
    Cell cell;
    if (row < view_offset_) {
        const Line& line = scrollback_[scrollback_.size() - view_offset_ + row];
        cell = column < line.size() ? line[column] : cell;
    } else {
        cell = lines_[row - view_offset_][column];
    }
    const bool at_cursor = modes_.cursor_visible && view_offset_ == 0 && row == cursor_.row &&
                           column == cursor_.column;
    Style& style = cell.style;
    style.set(Attribute::inverse, style.has(Attribute::inverse) != (at_cursor != modes_.inverse));
    if (style.has(Attribute::bold) && style.foreground == Style::default_foreground) {
        style.foreground = bold_foreground;
    }
    style.foreground = style.has(Attribute::dim) ? half(style.foreground) : style.foreground;
    if (style.has(Attribute::invisible) || cell.character == Cell::continued) {
        cell.character = U' ';
    }
    return cell;
}

void Screen::scroll_view(std::int32_t pages) {
    const std::int64_t wanted = std::int64_t{view_offset_} + std::int64_t{pages} * (rows_ / 2);
    const auto most = static_cast<std::int64_t>(alternate_ ? 0 : scrollback_.size());
    view_offset_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(wanted, 0, most));
}

Cell Screen::blank() const {
    Cell blank;
    blank.style.background = cursor_.style.background;
    return blank;
}

// ---- characters ---------------------------------------------------------------------------------------------

void Screen::print(char32_t character) {
    if (cursor_.line_drawing[cursor_.character_set] && character >= U'_' && character <= U'~') {
        character = line_drawing[character - U'_'];
    }
    const std::uint32_t width = std::min(width_of(character), columns_);
    if (width == 0) {
        return;  // there is one character to a cell
    }
    printed_ = character;
    const bool fits = cursor_.column + width <= last_column() + 1;
    if (modes_.auto_wrap && (cursor_.wrap_pending || !fits)) {
        carriage_return();
        line_feed();
    }
    cursor_.wrap_pending = false;
    const std::uint32_t end = last_column() + 1;
    cursor_.column = std::min(cursor_.column, end - std::min(width, end));
    if (modes_.insert) {
        Line& line = lines_[cursor_.row];
        part_at(cursor_.row, end - width);
        part_at(cursor_.row, end);
        std::move_backward(line.begin() + cursor_.column, line.begin() + end - width,
                           line.begin() + end);
    }
    put(cursor_.column, {.character = character, .style = cursor_.style});
    if (width == 2) {
        put(cursor_.column + 1, {.character = Cell::continued, .style = cursor_.style});
    }
    if (cursor_.column + width < end) {
        cursor_.column += width;
    } else {
        cursor_.column = end - 1;
        cursor_.wrap_pending = true;
    }
}

// Half of a wide character does not stay.
void Screen::put(std::uint32_t column, const Cell& cell) {
    Line& line = lines_[cursor_.row];
    if (line[column].character == Cell::continued && column > 0 &&
        cell.character != Cell::continued) {
        line[column - 1].character = U' ';
    }
    if (column + 1 < columns_ && line[column + 1].character == Cell::continued) {
        line[column + 1].character = U' ';
    }
    line[column] = cell;
}

void Screen::control(char byte) {
    constexpr char shift_out = 0x0e;
    constexpr char shift_in = 0x0f;
    switch (byte) {
        case '\b': move_to(cursor_.row, std::max(cursor_.column, first_column() + 1) - 1); break;
        case '\t': tab(1, false); break;
        case '\n':
        case '\v':
        case '\f':
            line_feed();
            if (modes_.new_line) {
                carriage_return();
            }
            break;
        case '\r':      carriage_return(); break;
        case shift_out: cursor_.character_set = 1; break;
        case shift_in:  cursor_.character_set = 0; break;
        default:        break;
    }
}

void Screen::tab(std::uint32_t count, bool back) {
    const std::uint32_t last = last_column();
    std::uint32_t column = cursor_.column;
    for (std::uint32_t i = 0; i < std::min(count, columns_); ++i) {
        do {
            column += back ? -1U : 1U;
        } while (column < columns_ && !tabs_[column]);
    }
    move_to(cursor_.row, column < columns_ ? std::min(column, last) : back ? 0 : last);
}

// ---- margins -------------------------------------------------------------------------------------------------

bool Screen::between_margins() const { return cursor_.column >= left_ && cursor_.column <= right_; }

std::uint32_t Screen::last_column() const {
    return cursor_.column <= right_ ? right_ : columns_ - 1;
}

std::uint32_t Screen::first_column() const { return cursor_.column >= left_ ? left_ : 0; }

bool Screen::full_width() const { return left_ == 0 && right_ == columns_ - 1; }

void Screen::carriage_return() { move_to(cursor_.row, first_column()); }

// Both halves of a wide character that a part of the line ends in go.
void Screen::part_at(std::uint32_t row, std::uint32_t column) {
    Line& line = lines_[row];
    if (column > 0 && column < columns_ && line[column].character == Cell::continued) {
        line[column].character = line[column - 1].character = U' ';
    }
}

// What is between the side margins in one row goes to another one.
void Screen::move_columns(std::uint32_t from, std::uint32_t to) {
    for (const std::uint32_t row : {from, to}) {
        part_at(row, left_);
        part_at(row, right_ + 1);
    }
    const Line& line = lines_[from];
    std::copy(line.begin() + left_, line.begin() + right_ + 1, lines_[to].begin() + left_);
}

void Screen::line_feed() {
    cursor_.wrap_pending = false;
    if (cursor_.row == bottom_) {
        if (between_margins()) {
            scroll_up(top_, 1);
        }
    } else if (cursor_.row + 1 < rows_) {
        ++cursor_.row;
    }
}

void Screen::reverse_line_feed() {
    cursor_.wrap_pending = false;
    if (cursor_.row == top_) {
        if (between_margins()) {
            scroll_down(top_, 1);
        }
    } else if (cursor_.row > 0) {
        --cursor_.row;
    }
}

void Screen::move_to(std::uint32_t row, std::uint32_t column) {
    cursor_.row = std::min(row, rows_ - 1);
    cursor_.column = std::min(column, columns_ - 1);
    cursor_.wrap_pending = false;
}

// ---- scrolling and erasing ------------------------------------------------------------------------------------

// Without the blanks at its end; in the memory of the line that goes for it.
void Screen::keep_in_scrollback(const Line& line) {
    const auto end = std::ranges::find_if(line.rbegin(), line.rend(), [](const Cell& cell) {
                         return cell != Cell{};
                     }).base();
    Line kept;
    if (scrollback_.size() >= scrollback_lines) {
        kept = std::move(scrollback_.front());
        scrollback_.pop_front();
    }
    kept.assign(line.begin(), end);
    scrollback_.push_back(std::move(kept));
}

void Screen::scroll_up(std::uint32_t top, std::uint32_t count, bool into_history) {
    count = std::min(count, bottom_ - top + 1);
    if (!full_width()) {
        for (std::uint32_t row = top; row + count <= bottom_; ++row) {
            move_columns(row + count, row);
        }
        for (std::uint32_t row = bottom_ + 1 - count; row <= bottom_; ++row) {
            erase(row, left_, right_ + 1);
        }
        return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto first = lines_.begin() + top;
        if (top == 0 && into_history && !alternate_) {
            keep_in_scrollback(*first);
        }
        std::rotate(first, first + 1, lines_.begin() + bottom_ + 1);
        std::ranges::fill(lines_[bottom_], blank());
    }
}

void Screen::scroll_down(std::uint32_t top, std::uint32_t count) {
    count = std::min(count, bottom_ - top + 1);
    if (!full_width()) {
        for (std::uint32_t row = bottom_; row >= top + count; --row) {
            move_columns(row - count, row);
        }
        for (std::uint32_t row = top; row < top + count; ++row) {
            erase(row, left_, right_ + 1);
        }
        return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        std::rotate(lines_.begin() + top, lines_.begin() + bottom_, lines_.begin() + bottom_ + 1);
        std::ranges::fill(lines_[top], blank());
    }
}

void Screen::erase(std::uint32_t row, std::uint32_t from, std::uint32_t to) {
    part_at(row, from);
    part_at(row, to);
    std::fill(lines_[row].begin() + from, lines_[row].begin() + to, blank());
}

void Screen::erase_line(std::uint32_t what) {
    erase(cursor_.row, what == 0 ? cursor_.column : 0, what == 1 ? cursor_.column + 1 : columns_);
}

void Screen::erase_display(std::uint32_t what) {
    if (what == 3) {
        scrollback_.clear();
        return;
    }
    const std::uint32_t first = what == 0 ? cursor_.row + 1 : 0;
    const std::uint32_t last = what == 1 ? cursor_.row : rows_;
    for (std::uint32_t row = first; row < last; ++row) {
        erase(row, 0, columns_);
    }
    if (what < 2) {
        erase_line(what);
    }
}

}  // namespace console
