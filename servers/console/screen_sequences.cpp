// SPDX-License-Identifier: MIT
// The sequences: xterm's "ctlseqs" and ECMA-48.
#include <algorithm>
#include <charconv>
#include <optional>

#include "servers/console/palette.hpp"
#include "servers/console/screen.hpp"

namespace console {

namespace {

constexpr std::uint32_t tab_width = 8;

// "rgb:RR/GG/BB", or with one, three or four digits each, of which the first two count.
std::optional<std::uint32_t> parse_colour(std::string_view text) {
    constexpr std::string_view start = "rgb:";
    if (!text.starts_with(start)) {
        return std::nullopt;
    }
    text.remove_prefix(start.size());
    std::uint32_t colour = 0;
    for (int part = 0; part < 3; ++part) {
        std::uint32_t value = 0;
        const char* end = text.data() + text.size();
        const auto parsed = std::from_chars(text.data(), end, value, 16);
        const auto digits = static_cast<std::uint32_t>(parsed.ptr - text.data());
        if (parsed.ec != std::errc{} || digits > 4 ||
            (part < 2 && (parsed.ptr == end || *parsed.ptr != '/'))) {
            return std::nullopt;
        }
        value = digits == 1 ? value * 0x11 : value >> (4 * (digits - 2));
        colour = colour << 8 | value;
        text.remove_prefix(std::min<std::size_t>(digits + 1, text.size()));
    }
    return colour;
}

// The number before the ';', which is removed with it.
std::uint32_t take_number(std::string_view& text) {
    std::uint32_t number = ~std::uint32_t{0};
    const std::string_view digits = text.substr(0, text.find(';'));
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), number);
    text.remove_prefix(std::min(digits.size() + 1, text.size()));
    return number;
}

}  // namespace

void Screen::escape(char intermediate, char final) {
    if (intermediate == '(' || intermediate == ')') {
        cursor_.line_drawing[intermediate == ')' ? 1 : 0] = final == '0';
        return;
    }
    if (intermediate == '#' && final == '8') {  // for adjusting a screen that needs it
        for (Line& line : lines_) {
            std::ranges::fill(line, Cell{.character = U'E', .style = {}});
        }
        reset_region();
        return;
    }
    if (intermediate != 0) {
        return;
    }
    switch (final) {
        case '7': saved_ = cursor_; break;
        case '8': cursor_ = saved_; break;
        case 'D': line_feed(); break;
        case 'E':
            carriage_return();
            line_feed();
            break;
        case 'H': tabs_[cursor_.column] = true; break;
        case 'M': reverse_line_feed(); break;
        case 'c': reset(); break;
        default:  break;
    }
}

void Screen::reset_tabs() {
    tabs_.assign(columns_, false);
    for (std::uint32_t column = 0; column < columns_; column += tab_width) {
        tabs_[column] = true;
    }
}

void Screen::soft_reset() {
    cursor_.style = {};
    cursor_.basic = -1;
    cursor_.origin = false;
    cursor_.line_drawing[0] = cursor_.line_drawing[1] = false;
    cursor_.character_set = 0;
    saved_ = {};
    modes_ = {.inverse = modes_.inverse};
    reset_region();
}

void Screen::reset_region() {
    top_ = 0;
    bottom_ = rows_ - 1;
    left_ = 0;
    right_ = columns_ - 1;
}

void Screen::reset() {
    set_alternate(false);
    soft_reset();
    cursor_ = {};
    modes_ = {};
    colours_.clear();
    reset_tabs();
    erase_display(2);
}

// ---- the cursor ---------------------------------------------------------------------------------------------

// By numbers from 1 on; from the region's first row, if that is the origin.
void Screen::place_cursor(std::uint32_t row, std::uint32_t column) {
    if (cursor_.origin) {
        row = std::min(top_ + row, bottom_ + 1);
        column = std::min(left_ + column, right_ + 1);
    }
    move_to(row - 1, column - 1);
}

void Screen::move_cursor(const ControlSequence& sequence) {
    const std::uint32_t n = sequence.at(0);
    // Not out of the scroll region.
    const std::uint32_t first = cursor_.row >= top_ ? top_ : 0;
    const std::uint32_t last = cursor_.row <= bottom_ ? bottom_ : rows_ - 1;
    const std::uint32_t up = cursor_.row - std::min(n, cursor_.row - first);
    const std::uint32_t down = cursor_.row + std::min(n, last - cursor_.row);
    const std::uint32_t column = cursor_.column;
    switch (sequence.final) {
        case 'A': move_to(up, column); break;
        case 'B':
        case 'e': move_to(down, column); break;
        case 'C':
        case 'a': move_to(cursor_.row, column + std::min(n, last_column() - column)); break;
        case 'D': move_to(cursor_.row, column - std::min(n, column - first_column())); break;
        case 'E': move_to(down, first_column()); break;
        case 'F': move_to(up, first_column()); break;
        case 'G':
        case '`':
            move_to(cursor_.row, cursor_.origin ? std::min(left_ + n - 1, right_) : n - 1);
            break;
        case 'd':
            place_cursor(n, column + 1 - (cursor_.origin ? std::min(column, left_) : 0));
            break;
        case 'I': tab(n, false); break;
        case 'Z': tab(n, true); break;
        default:  place_cursor(n, sequence.at(1)); break;  // H, f
    }
}

void Screen::set_region(const ControlSequence& sequence) {
    const std::uint32_t top = sequence.at(0) - 1;
    const std::uint32_t bottom = std::min(sequence.at(1, rows_), rows_) - 1;
    if (top < bottom) {
        top_ = top;
        bottom_ = bottom;
        place_cursor(1, 1);
    }
}

// Left and right, as above.
void Screen::set_side_margins(const ControlSequence& sequence) {
    const std::uint32_t left = sequence.at(0) - 1;
    const std::uint32_t right = std::min(sequence.at(1, columns_), columns_) - 1;
    if (left < right) {
        left_ = left;
        right_ = right;
        place_cursor(1, 1);
    }
}

void Screen::edit_line(const ControlSequence& sequence) {
    Line& line = lines_[cursor_.row];
    const std::uint32_t column = cursor_.column;
    cursor_.wrap_pending = false;
    if (sequence.final == 'X') {
        erase(cursor_.row, column, column + std::min(sequence.at(0), columns_ - column));
        return;
    }
    if (!between_margins()) {
        return;
    }
    const std::uint32_t end = right_ + 1;
    const std::uint32_t n = std::min(sequence.at(0), end - column);
    for (const std::uint32_t place : {column, column + n, end - n, end}) {
        part_at(cursor_.row, place);
    }
    const auto at = line.begin() + column, last = line.begin() + end;
    if (sequence.final == '@') {
        std::move_backward(at, last - n, last);
        erase(cursor_.row, column, column + n);
    } else {  // P
        std::move(at + n, last, at);
        erase(cursor_.row, end - n, end);
    }
}

void Screen::edit_lines(const ControlSequence& sequence) {
    const std::uint32_t n = sequence.at(0);
    switch (sequence.final) {
        case 'S': scroll_up(top_, n); return;
        case 'T': scroll_down(top_, n); return;
        default:  break;
    }
    if (cursor_.row < top_ || cursor_.row > bottom_ || !between_margins()) {
        return;
    }
    if (sequence.final == 'L') {
        scroll_down(cursor_.row, n);
    } else {
        scroll_up(cursor_.row, n, false);
    }
    carriage_return();
}

void Screen::control_sequence(const ControlSequence& sequence) {
    if (sequence.intermediate == '!' && sequence.final == 'p') {
        soft_reset();
        return;
    }
    const bool asks = sequence.final == 'c' || sequence.final == 'n';
    const bool modes = sequence.final == 'h' || sequence.final == 'l';
    const bool is_private = sequence.prefix == '?' && (asks || modes);
    if (sequence.intermediate != 0 ||
        (sequence.prefix != 0 && !is_private && !(sequence.prefix == '>' && asks))) {
        return;
    }
    switch (sequence.final) {
        case 'J': erase_display(sequence.at(0, 0)); break;
        case 'K': erase_line(sequence.at(0, 0)); break;
        case '@':
        case 'P':
        case 'X': edit_line(sequence); break;
        case 'L':
        case 'M':
        case 'S':
        case 'T': edit_lines(sequence); break;
        case 'b':
            for (std::uint32_t i = std::min(sequence.at(0), columns_ * rows_);
                 i != 0 && printed_ != 0; --i) {
                print(printed_);
            }
            break;
        case 'c':
        case 'n':
        case 't': report(sequence); break;
        case 'g':
            if (sequence.at(0, 0) == 3) {
                tabs_.assign(columns_, false);
            } else if (sequence.at(0, 0) == 0) {
                tabs_[cursor_.column] = false;
            }
            break;
        case 'h': set_modes(sequence, true); break;
        case 'l': set_modes(sequence, false); break;
        case 'm': select_style(sequence); break;
        case 'r': set_region(sequence); break;
        case 's':
            if (modes_.side_margins) {
                set_side_margins(sequence);
            } else {
                saved_ = cursor_;
            }
            break;
        case 'u': cursor_ = saved_; break;
        case 'A':
        case 'B':
        case 'C':
        case 'D':
        case 'E':
        case 'F':
        case 'G':
        case 'H':
        case 'I':
        case 'Z':
        case 'a':
        case 'd':
        case 'e':
        case 'f':
        case '`': move_cursor(sequence); break;
        default:  break;
    }
}

// ---- answers ------------------------------------------------------------------------------------------------

void Screen::answer(std::string_view text) {
    if (answers_.size() + text.size() <= most_answered) {
        answers_ += text;
    }
}

void Screen::answer_numbers(std::string_view start, std::uint32_t first, std::uint32_t second,
                            char end) {
    std::string text{start};
    char digits[10];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, first).ptr);
    text += ';';
    text.append(digits, std::to_chars(digits, digits + sizeof digits, second).ptr);
    text += end;
    answer(text);
}

void Screen::report(const ControlSequence& sequence) {
    constexpr std::uint32_t size_in_characters = 18;
    const std::uint32_t what = sequence.at(0, 0);
    if (sequence.final == 'c') {  // a VT220 with colours
        if (what == 0) {
            answer(sequence.prefix == '>' ? "\x1b[>1;0;0c" : "\x1b[?62;22c");
        }
    } else if (sequence.final == 't') {
        if (what == size_in_characters) {
            answer_numbers("\x1b[8;", rows_, columns_, 't');
        }
    } else if (what == 5 && sequence.prefix == 0) {
        answer("\x1b[0n");
    } else if (what == 6 && sequence.prefix != '>') {
        const std::uint32_t row = cursor_.row - (cursor_.origin ? std::min(top_, cursor_.row) : 0);
        const std::uint32_t column =
            cursor_.column - (cursor_.origin ? std::min(left_, cursor_.column) : 0);
        answer_numbers(sequence.prefix == '?' ? "\x1b[?" : "\x1b[", row + 1, column + 1, 'R');
    }
}

// ---- modes --------------------------------------------------------------------------------------------------

void Screen::set_modes(const ControlSequence& sequence, bool on) {
    for (std::size_t i = 0; i < sequence.count; ++i) {
        const std::uint32_t mode = sequence.parameters[i];
        if (sequence.prefix != 0) {
            set_private_mode(mode, on);
        } else if (mode == 4) {
            modes_.insert = on;
        } else if (mode == 20) {
            modes_.new_line = on;
        }
    }
}

void Screen::set_private_mode(std::uint32_t mode, bool on) {
    switch (mode) {
        case 1: modes_.application_cursor = on; break;
        case 5: modes_.inverse = on; break;
        case 6:
            cursor_.origin = on;
            place_cursor(1, 1);
            break;
        case 7:  modes_.auto_wrap = on; break;
        case 25: modes_.cursor_visible = on; break;
        case 69:
            modes_.side_margins = on;
            left_ = 0;
            right_ = columns_ - 1;
            break;
        case 47:
        case 1047: set_alternate(on); break;
        case 1048: (on ? saved_ : cursor_) = on ? cursor_ : saved_; break;
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

std::uint32_t Screen::colour(std::uint32_t number) const {
    const auto own = std::ranges::find(colours_, number, &Colour::number);
    return own != colours_.end() ? own->value : palette_colour(number);
}

// "4;NUMBER;rgb:R/G/B", any number of them, and "104" with numbers: the palette's own colours again.
void Screen::command(std::string_view text) {
    const std::uint32_t what = take_number(text);
    if (what == 104 && text.empty()) {
        colours_.clear();
    }
    while (!text.empty() && (what == 4 || what == 104)) {
        const std::uint32_t number = take_number(text);
        std::erase_if(colours_, [&](const Colour& one) { return one.number == number; });
        if (what == 104) {
            continue;
        }
        const auto value = parse_colour(text.substr(0, text.find(';')));
        text.remove_prefix(std::min(text.find(';'), text.size() - 1) + 1);
        if (value && number < 256) {
            colours_.push_back({number, *value});
        }
    }
}

// 38;5;N and 38;2;R;G;B (and 48; and with ':', where the colours may come after an empty part): `i` is
// at the 38; afterwards at the last parameter that was used.
std::uint32_t Screen::extended_colour(const ControlSequence& sequence, std::size_t& i,
                                      std::uint32_t before) const {
    const std::uint32_t kind = i + 1 < sequence.count ? sequence.parameters[i + 1] : 0;
    i += sequence.is_part(i + 1) && kind == 2 && sequence.is_part(i + 5) ? 1 : 0;
    if (kind == 5 && i + 2 < sequence.count) {
        i += 2;
        return colour(sequence.parameters[i] & 0xff);
    }
    if (kind == 2 && i + 4 < sequence.count) {
        const auto part = [&](std::size_t n) { return sequence.parameters[i + n] & 0xff; };
        const std::uint32_t value = part(2) << 16 | part(3) << 8 | part(4);
        i += 4;
        return value;
    }
    i = sequence.count;
    return before;
}

void Screen::set_basic(std::int8_t number) {
    cursor_.basic = number;
    if (number >= 0) {
        const bool bright = cursor_.style.has(Attribute::bold);
        cursor_.style.foreground = colour(static_cast<std::uint32_t>(number) + (bright ? 8 : 0));
    }
}

void Screen::select_style(const ControlSequence& sequence) {
    if (sequence.count == 0) {
        select_attribute(0);
    }
    for (std::size_t i = 0; i < sequence.count; ++i) {
        if (sequence.is_part(i)) {
            continue;  // kinds of underlines, and what else there may be
        }
        if (sequence.parameters[i] == 4 && sequence.is_part(i + 1) &&
            sequence.parameters[i + 1] == 0) {
            select_attribute(24);
        } else if (sequence.parameters[i] < 30) {
            select_attribute(sequence.parameters[i]);
        } else {
            select_colour(sequence, i);
        }
    }
}

void Screen::select_attribute(std::uint32_t parameter) {
    Style& style = cursor_.style;
    switch (parameter) {
        case 0:
            style = {};
            cursor_.basic = -1;
            break;
        case 1:  style.set(Attribute::bold, true); break;
        case 2:  style.set(Attribute::dim, true); break;
        case 3:  style.set(Attribute::italic, true); break;
        case 4:
        case 21: style.set(Attribute::underline, true); break;
        case 7:  style.set(Attribute::inverse, true); break;
        case 8:  style.set(Attribute::invisible, true); break;
        case 9:  style.set(Attribute::struck, true); break;
        case 22: style.set(Attribute::bold | Attribute::dim, false); break;
        case 23: style.set(Attribute::italic, false); break;
        case 24: style.set(Attribute::underline, false); break;
        case 27: style.set(Attribute::inverse, false); break;
        case 28: style.set(Attribute::invisible, false); break;
        case 29: style.set(Attribute::struck, false); break;
        default: break;
    }
    set_basic(cursor_.basic);
}

void Screen::select_colour(const ControlSequence& sequence, std::size_t& i) {
    Style& style = cursor_.style;
    const std::uint32_t p = sequence.parameters[i];
    if (p <= 37) {
        set_basic(static_cast<std::int8_t>(p - 30));
    } else if (p == 38 || p == 39 || (p >= 90 && p <= 97)) {
        cursor_.basic = -1;
        style.foreground = p == 38   ? extended_colour(sequence, i, style.foreground)
                           : p == 39 ? Style::default_foreground
                                     : colour(p - 90 + 8);
    } else if (p >= 40 && p <= 47) {
        style.background = colour(p - 40);
    } else if (p == 48) {
        style.background = extended_colour(sequence, i, style.background);
    } else if (p == 49) {
        style.background = Style::default_background;
    } else if (p >= 100 && p <= 107) {
        style.background = colour(p - 100 + 8);
    }
}

}  // namespace console
