// SPDX-License-Identifier: MIT
// The sequences: xterm's "ctlseqs" and ECMA-48.
#include "servers/console/screen.hpp"

#include <algorithm>

#include "servers/console/palette.hpp"

namespace console {

Screen::Screen(std::uint32_t columns, std::uint32_t rows)
    : columns_(columns), rows_(rows), lines_(rows, Line(columns)), bottom_(rows - 1) {}

void Screen::write(std::string_view bytes) {
    view_offset_ = 0;
    parser_.feed(bytes);
}

Cell Screen::seen(std::uint32_t row, std::uint32_t column) const {
    if (row < view_offset_) {
        const Line& line = scrollback_[scrollback_.size() - view_offset_ + row];
        return column < line.size() ? line[column] : Cell{};
    }
    Cell cell = lines_[row - view_offset_][column];
    if (cursor_visible_ && view_offset_ == 0 && row == cursor_.row && column == cursor_.column) {
        cell.style.inverse = !cell.style.inverse;
    }
    return cell;
}

void Screen::scroll_view(std::int32_t pages) {
    const std::int64_t wanted = std::int64_t{view_offset_} + std::int64_t{pages} * (rows_ / 2);
    const std::int64_t most =
        std::min<std::int64_t>(static_cast<std::int64_t>(scrollback_.size()), rows_);
    view_offset_ = static_cast<std::uint32_t>(std::clamp<std::int64_t>(wanted, 0, most));
}

Screen::Line Screen::blank_line() const {
    Cell blank;
    blank.style.background = cursor_.style.background;
    return Line(columns_, blank);
}

// ---- characters ---------------------------------------------------------------------------------------------

void Screen::print(char32_t character) {
    if (cursor_.wrap_pending && auto_wrap_) {
        cursor_.column = 0;
        line_feed();
    }
    cursor_.wrap_pending = false;
    Line& line = lines_[cursor_.row];
    if (insert_) {
        line.insert(line.begin() + cursor_.column, Cell{});
        line.pop_back();
    }
    line[cursor_.column] = Cell{.character = character, .style = cursor_.style};
    if (cursor_.column + 1 < columns_) {
        ++cursor_.column;
    } else {
        cursor_.wrap_pending = true;
    }
}

void Screen::control(char byte) {
    constexpr std::uint32_t tab = 8;
    switch (byte) {
        case '\b': move_to(cursor_.row, cursor_.column > 0 ? cursor_.column - 1 : 0); break;
        case '\t': move_to(cursor_.row, (cursor_.column / tab + 1) * tab); break;
        case '\n':
        case '\v':
        case '\f': line_feed(); break;
        case '\r': move_to(cursor_.row, 0); break;
        default:   break;
    }
}

void Screen::line_feed() {
    cursor_.wrap_pending = false;
    if (cursor_.row == bottom_) {
        scroll_up(top_, 1);
    } else if (cursor_.row + 1 < rows_) {
        ++cursor_.row;
    }
}

void Screen::reverse_line_feed() {
    cursor_.wrap_pending = false;
    if (cursor_.row == top_) {
        scroll_down(top_, 1);
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

void Screen::scroll_up(std::uint32_t top, std::uint32_t count, bool into_history) {
    count = std::min(count, bottom_ - top + 1);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto first = lines_.begin() + top;
        if (top == 0 && into_history && !alternate_) {
            scrollback_.push_back(std::move(*first));
            if (scrollback_.size() > scrollback_lines) {
                scrollback_.pop_front();
            }
        }
        std::rotate(first, first + 1, lines_.begin() + bottom_ + 1);
        lines_[bottom_] = blank_line();
    }
}

void Screen::scroll_down(std::uint32_t top, std::uint32_t count) {
    count = std::min(count, bottom_ - top + 1);
    for (std::uint32_t i = 0; i < count; ++i) {
        std::rotate(lines_.begin() + top, lines_.begin() + bottom_, lines_.begin() + bottom_ + 1);
        lines_[top] = blank_line();
    }
}

void Screen::erase(std::uint32_t row, std::uint32_t from, std::uint32_t to) {
    Cell blank;
    blank.style.background = cursor_.style.background;
    std::fill(lines_[row].begin() + from, lines_[row].begin() + to, blank);
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

// ---- sequences ----------------------------------------------------------------------------------------------

void Screen::escape(char intermediate, char final) {
    if (intermediate != 0) {
        return;  // character sets: everything is UTF-8
    }
    switch (final) {
        case '7': saved_ = cursor_; break;
        case '8': cursor_ = saved_; break;
        case 'D': line_feed(); break;
        case 'E':
            move_to(cursor_.row, 0);
            line_feed();
            break;
        case 'M': reverse_line_feed(); break;
        case 'c': reset(); break;
        default:  break;
    }
}

void Screen::reset() {
    if (alternate_) {
        set_alternate(false);
    }
    cursor_ = {};
    saved_ = {};
    top_ = 0;
    bottom_ = rows_ - 1;
    cursor_visible_ = true;
    auto_wrap_ = true;
    insert_ = false;
    erase_display(2);
}

void Screen::move_cursor(const ControlSequence& sequence) {
    const std::uint32_t n = sequence.at(0);
    const std::uint32_t up = cursor_.row - std::min(n, cursor_.row);
    switch (sequence.final) {
        case 'A': move_to(up, cursor_.column); break;
        case 'B':
        case 'e': move_to(cursor_.row + n, cursor_.column); break;
        case 'C':
        case 'a': move_to(cursor_.row, cursor_.column + n); break;
        case 'D': move_to(cursor_.row, cursor_.column - std::min(n, cursor_.column)); break;
        case 'E': move_to(cursor_.row + n, 0); break;
        case 'F': move_to(up, 0); break;
        case 'G':
        case '`': move_to(cursor_.row, n - 1); break;
        case 'd': move_to(n - 1, cursor_.column); break;
        default:  move_to(n - 1, sequence.at(1) - 1); break;  // H, f
    }
}

void Screen::edit_line(const ControlSequence& sequence) {
    Line& line = lines_[cursor_.row];
    const auto n = static_cast<std::ptrdiff_t>(std::min(sequence.at(0), columns_ - cursor_.column));
    const auto at = line.begin() + cursor_.column;
    switch (sequence.final) {
        case '@':
            std::move_backward(at, line.end() - n, line.end());
            erase(cursor_.row, cursor_.column, cursor_.column + static_cast<std::uint32_t>(n));
            break;
        case 'P':
            std::move(at + n, line.end(), at);
            erase(cursor_.row, columns_ - static_cast<std::uint32_t>(n), columns_);
            break;
        default:  // X
            erase(cursor_.row, cursor_.column, cursor_.column + static_cast<std::uint32_t>(n));
            break;
    }
}

void Screen::control_sequence(const ControlSequence& sequence) {
    if (sequence.intermediate != 0 || (sequence.prefix != 0 && sequence.prefix != '?')) {
        return;
    }
    const std::uint32_t n = sequence.at(0);
    const bool in_region = cursor_.row >= top_ && cursor_.row <= bottom_;
    switch (sequence.final) {
        case 'A':
        case 'B':
        case 'C':
        case 'D':
        case 'E':
        case 'F':
        case 'G':
        case 'H':
        case 'a':
        case 'd':
        case 'e':
        case 'f':
        case '`': move_cursor(sequence); break;
        case 'J': erase_display(sequence.at(0, 0)); break;
        case 'K': erase_line(sequence.at(0, 0)); break;
        case '@':
        case 'P':
        case 'X': edit_line(sequence); break;
        case 'L':
            if (in_region) {
                scroll_down(cursor_.row, n);
            }
            break;
        case 'M':
            if (in_region) {
                scroll_up(cursor_.row, n, false);
            }
            break;
        case 'S': scroll_up(top_, n); break;
        case 'T': scroll_down(top_, n); break;
        case 'm': select_style(sequence); break;
        case 'h': set_modes(sequence, true); break;
        case 'l': set_modes(sequence, false); break;
        case 'r': {
            const std::uint32_t bottom = std::min(sequence.at(1, rows_), rows_) - 1;
            if (n - 1 < bottom) {
                top_ = n - 1;
                bottom_ = bottom;
                move_to(0, 0);
            }
            break;
        }
        case 's': saved_ = cursor_; break;
        case 'u': cursor_ = saved_; break;
        default:  break;
    }
}

void Screen::set_modes(const ControlSequence& sequence, bool on) {
    for (std::size_t i = 0; i < sequence.count; ++i) {
        const std::uint32_t mode = sequence.parameters[i];
        if (sequence.prefix == 0) {
            insert_ = mode == 4 ? on : insert_;
            continue;
        }
        switch (mode) {
            case 7:    auto_wrap_ = on; break;
            case 25:   cursor_visible_ = on; break;
            case 47:
            case 1047: set_alternate(on); break;
            case 1049:
                if (on) {
                    saved_ = cursor_;
                }
                set_alternate(on);
                if (on) {
                    erase_display(2);
                } else {
                    cursor_ = saved_;
                }
                break;
            default: break;
        }
    }
}

void Screen::set_alternate(bool on) {
    if (on == alternate_) {
        return;
    }
    if (other_lines_.empty()) {
        other_lines_.assign(rows_, Line(columns_));
    }
    std::swap(lines_, other_lines_);
    alternate_ = on;
}

// ---- style --------------------------------------------------------------------------------------------------

// 38;5;N and 38;2;R;G;B (and 48): `i` is at the 38; afterwards at the last parameter that was used.
std::uint32_t Screen::extended_colour(const ControlSequence& sequence, std::size_t& i,
                                      std::uint32_t before) const {
    const std::uint32_t kind = i + 1 < sequence.count ? sequence.parameters[i + 1] : 0;
    if (kind == 5 && i + 2 < sequence.count) {
        i += 2;
        return palette_colour(sequence.parameters[i]);
    }
    if (kind == 2 && i + 4 < sequence.count) {
        const auto part = [&](std::size_t n) { return sequence.parameters[i + n] & 0xff; };
        const std::uint32_t colour = part(2) << 16 | part(3) << 8 | part(4);
        i += 4;
        return colour;
    }
    i = sequence.count;
    return before;
}

void Screen::select_style(const ControlSequence& sequence) {
    Style& style = cursor_.style;
    if (sequence.count == 0) {
        style = {};
    }
    for (std::size_t i = 0; i < sequence.count; ++i) {
        const std::uint32_t p = sequence.parameters[i];
        if (p == 0) {
            style = {};
        } else if (p == 1 || p == 22) {
            style.bold = p == 1;
        } else if (p == 4 || p == 24) {
            style.underline = p == 4;
        } else if (p == 7 || p == 27) {
            style.inverse = p == 7;
        } else if (p >= 30 && p <= 37) {
            style.foreground = palette_colour(p - 30 + (style.bold ? 8 : 0));
        } else if (p == 38) {
            style.foreground = extended_colour(sequence, i, style.foreground);
        } else if (p == 39) {
            style.foreground = Style::default_foreground;
        } else if (p >= 40 && p <= 47) {
            style.background = palette_colour(p - 40);
        } else if (p == 48) {
            style.background = extended_colour(sequence, i, style.background);
        } else if (p == 49) {
            style.background = Style::default_background;
        } else if (p >= 90 && p <= 97) {
            style.foreground = palette_colour(p - 90 + 8);
        } else if (p >= 100 && p <= 107) {
            style.background = palette_colour(p - 100 + 8);
        }
    }
}

}  // namespace console
