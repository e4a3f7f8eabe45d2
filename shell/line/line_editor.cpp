// SPDX-License-Identifier: MIT
#include "shell/line/line_editor.hpp"

#include "shell/line/utf8.hpp"

namespace shell {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view erase_right = "\x1b[K";
constexpr std::string_view erase_below = "\x1b[J";
constexpr std::string_view faint = "\x1b[2m";
constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view clear_and_home = "\x1b[H\x1b[2J";

// A character as it is shown, and in how many columns.
struct Shown {
    std::string text;
    std::size_t columns;
};

Shown show(std::string_view text, const Character& character) {
    if (!character.valid) return {std::string(replacement), 1};
    if (character.code < 0x20) return {{'^', static_cast<char>('@' + character.code)}, 2};
    if (character.code == 0x7f) return {"^?", 2};
    if (character.code < 0xa0 && character.code >= 0x80) return {std::string(replacement), 1};
    return {std::string(text), static_cast<std::size_t>(columns(character.code))};
}

void move(std::string& out, std::size_t count, char direction) {
    if (count > 0) out += "\x1b[" + std::to_string(count) + direction;
}

// Names under one another, as many side by side as fit.
std::string in_columns(const std::vector<Completion::Candidate>& candidates,
                       std::size_t screen_columns) {
    constexpr std::size_t most = 200;
    constexpr std::size_t gap = 2;
    std::size_t count = std::min(candidates.size(), most);
    std::size_t width = 1;
    for (std::size_t i = 0; i < count; ++i)
        width = std::max(width, visible_columns(candidates[i].shown) + gap);
    std::size_t across = std::max<std::size_t>(screen_columns / width, 1);
    std::size_t rows = (count + across - 1) / across;
    std::string out;
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t i = row; i < count; i += rows) {
            const std::string& name = candidates[i].shown;
            for (std::size_t at = 0; at < name.size(); at += character_at(name, at).length)
                out += show(name.substr(at, character_at(name, at).length), character_at(name, at))
                           .text;
            if (i + rows < count) out.append(width - visible_columns(name), ' ');
        }
        out += "\r\n";
    }
    if (count < candidates.size())
        out += "... and " + std::to_string(candidates.size() - count) + " more\r\n";
    return out;
}

bool is_plain(std::string_view text) {
    for (char c : text) {
        if (c < 0x20 || c > 0x7e) return false;
    }
    return true;
}

}  // namespace

std::size_t visible_columns(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (text.substr(at).starts_with("\x1b[")) {
            at += 2;
            while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x40) ++at;
            ++at;
            continue;
        }
        Character character = character_at(text, at);
        count += show(text.substr(at, character.length), character).columns;
        at += character.length;
    }
    return count;
}

void LineEditor::begin(std::string prompt, ScreenSize size) {
    prompt_ = std::move(prompt);
    searching_ = false;
    suggesting_ = true;
    suggestion_drawn_ = false;
    announcement_.clear();
    buffer_.set("");
    recalled_ = history_.lines().size();
    draft_.clear();
    drawn_ = false;
    drawn_cursor_ = {};
    resize(size);
}

void LineEditor::resize(ScreenSize size) {
    size_ = {std::max<std::size_t>(size.rows, 2), std::max<std::size_t>(size.columns, 4)};
    drawn_ = false;
}

LineEditor::Outcome LineEditor::feed(char byte) {
    auto key = keys_.feed(byte);
    return key ? apply(*key) : Outcome::editing;
}

LineEditor::Outcome LineEditor::apply(const Key& key) {
    Outcome outcome = searching_ ? apply_search(key) : apply_edit(key);
    repeated_tab_ = key.kind == Key::Kind::tab;
    return outcome;
}

LineEditor::Outcome LineEditor::apply_edit(const Key& key) {
    using Kind = Key::Kind;
    switch (key.kind) {
        case Kind::text:      buffer_.insert(key.text); break;
        case Kind::control:   return apply_control(key.letter);
        case Kind::alt:       apply_alt(key.letter); break;
        case Kind::enter:     return Outcome::accepted;
        case Kind::tab:       complete(); break;
        case Kind::backspace: buffer_.erase_left(); break;
        case Kind::remove:    buffer_.erase_right(); break;
        case Kind::left:      buffer_.left(); break;
        case Kind::right:
            if (!take_suggestion()) buffer_.right();
            break;
        case Kind::up:   recall(true); break;
        case Kind::down: recall(false); break;
        case Kind::home: buffer_.home(); break;
        case Kind::end:
            if (!take_suggestion()) buffer_.end();
            break;
        case Kind::word_left:  buffer_.word_left(); break;
        case Kind::word_right: buffer_.word_right(); break;
        case Kind::ignored:    break;
    }
    return Outcome::editing;
}

LineEditor::Outcome LineEditor::apply_control(char letter) {
    switch (letter) {
        case 'a': buffer_.home(); break;
        case 'b': buffer_.left(); break;
        case 'c': return Outcome::interrupted;
        case 'd':
            if (buffer_.text().empty()) return Outcome::end_of_input;
            buffer_.erase_right();
            break;
        case 'e': return apply_edit({.kind = Key::Kind::end});
        case 'f': return apply_edit({.kind = Key::Kind::right});
        case 'k': buffer_.cut_to_end(); break;
        case 'l': clear_screen_ = true; break;
        case 'n': recall(false); break;
        case 'p': recall(true); break;
        case 'r': start_search(); break;
        case 't': buffer_.transpose(); break;
        case 'u': buffer_.cut_to_start(); break;
        case 'w': buffer_.cut_blank_word_left(); break;
        case 'y': buffer_.yank(); break;
        default:  break;
    }
    return Outcome::editing;
}

void LineEditor::apply_alt(char letter) {
    switch (letter) {
        case 'b':  buffer_.word_left(); break;
        case 'f':  buffer_.word_right(); break;
        case 'd':  buffer_.cut_word_right(); break;
        case '\b': buffer_.cut_word_left(); break;
        default:   break;
    }
}

void LineEditor::recall(bool earlier) {
    const auto& lines = history_.lines();
    if (earlier ? recalled_ == 0 : recalled_ >= lines.size()) return;
    if (recalled_ == lines.size()) draft_ = buffer_.text();
    recalled_ += earlier ? -1 : 1;
    buffer_.set(recalled_ == lines.size() ? draft_ : lines[recalled_]);
}

std::string_view LineEditor::suggestion() const {
    const std::string& text = buffer_.text();
    if (!suggesting_ || searching_ || text.empty() || buffer_.cursor() != text.size()) return {};
    const auto& lines = history_.lines();
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        if (line->size() <= text.size() || !line->starts_with(text)) continue;
        const auto rest = std::string_view(*line).substr(text.size());
        return is_plain(rest) ? rest : std::string_view();
    }
    return {};
}

bool LineEditor::take_suggestion() {
    const std::string rest(suggestion());
    if (rest.empty()) return false;
    buffer_.insert(rest);
    return true;
}

void LineEditor::start_search() {
    if (recalled_ == history_.lines().size()) draft_ = buffer_.text();
    searching_ = true;
    query_.clear();
    found_ = true;
    recalled_ = history_.lines().size();
}

// Shows the latest line before `from` that holds the query.
void LineEditor::search(std::size_t from) {
    const auto& lines = history_.lines();
    for (std::size_t i = std::min(from, lines.size()); i > 0; --i) {
        std::size_t place = lines[i - 1].find(query_);
        if (place == std::string::npos) continue;
        recalled_ = i - 1;
        buffer_.set(lines[recalled_]);
        buffer_.move_to(place);
        found_ = true;
        return;
    }
    found_ = false;
}

LineEditor::Outcome LineEditor::apply_search(const Key& key) {
    using Kind = Key::Kind;
    bool control = key.kind == Kind::control;
    drawn_ = false;
    if (key.kind == Kind::text) {
        query_ += key.text;
        search(recalled_ + 1);
    } else if (control && key.letter == 'r') {
        search(recalled_);
    } else if (key.kind == Kind::backspace) {
        query_.erase(previous_boundary(query_, query_.size()));
        search(history_.lines().size());
    } else if (control && (key.letter == 'g' || key.letter == 'c')) {
        searching_ = false;
        recalled_ = history_.lines().size();
        buffer_.set(draft_);
    } else {
        // Any other key takes the line that was found, and does to it what it always does.
        searching_ = false;
        return apply_edit(key);
    }
    return Outcome::editing;
}

void LineEditor::complete() {
    if (completer_ == nullptr) return;
    auto [start, candidates] =
        completer_->complete(std::string_view(buffer_.text()).substr(0, buffer_.cursor()));
    if (candidates.empty()) return;
    std::string common = candidates[0].text;
    for (const auto& candidate : candidates) {
        std::size_t same = 0;
        while (same < common.size() && same < candidate.text.size() &&
               common[same] == candidate.text[same])
            ++same;
        common.resize(same);
    }
    // Not into the middle of a character, nor between a backslash and what it escapes.
    while (!common.empty() && candidates.size() > 1 &&
           ((static_cast<unsigned char>(candidates[0].text[common.size()]) & 0xc0) == 0x80 ||
            common.ends_with('\\')))
        common.pop_back();
    std::string word = buffer_.text().substr(start, buffer_.cursor() - start);
    if (candidates.size() == 1) {
        if (candidates[0].complete) common += ' ';
        buffer_.replace_before_cursor(start, common);
    } else if (common.size() > word.size()) {
        buffer_.replace_before_cursor(start, common);
    } else if (repeated_tab_) {
        announcement_ = in_columns(candidates, size_.columns);
    }
}

// Appends one character as it is shown, and follows the cursor. After the last column the cursor
// goes to the next row at once, which terminals do only with the next character: so that is said
// explicitly.
void LineEditor::put(std::string& out, Place& place, std::string_view text) const {
    Shown shown = show(text, character_at(text, 0));
    if (place.column + shown.columns > size_.columns) {
        out += erase_right;
        out += "\r\n";
        place = {place.row + 1, 0};
    }
    out += shown.text;
    place.column += shown.columns;
    if (place.column == size_.columns) {
        out += "\r\n";
        place = {place.row + 1, 0};
    }
}

// Where to begin showing a line, so that the cursor is among the first `capacity` columns from
// there.
std::size_t LineEditor::window_start(std::size_t capacity) const {
    const std::string& text = buffer_.text();
    std::size_t start = buffer_.cursor();
    for (std::size_t used = 0; start > 0 && used < capacity;) {
        std::size_t previous = previous_boundary(text, start);
        used += visible_columns(std::string_view(text).substr(previous, start - previous));
        start = previous;
    }
    return start;
}

// The usual case: plain characters were added at the end of the line, and the row has room for
// them.
std::optional<std::string> LineEditor::draw_appended() {
    const std::string& text = buffer_.text();
    if (!drawn_ || clear_screen_ || searching_ || buffer_.cursor() != text.size())
        return std::nullopt;
    if (text.size() < drawn_text_.size() || !text.starts_with(drawn_text_)) return std::nullopt;
    std::string_view added = std::string_view(text).substr(drawn_text_.size());
    bool fits = drawn_cursor_.column + added.size() < size_.columns;
    if (added.empty() || !fits || !is_plain(added)) return std::nullopt;
    drawn_cursor_.column += added.size();
    drawn_text_ = text;
    return std::string(added) + draw_suggestion();
}

// Behind the cursor, which is at the end of the line; it stays there.
std::string LineEditor::draw_suggestion() {
    std::string_view text = suggestion();
    const std::size_t room = size_.columns - drawn_cursor_.column - 1;  // a full row would move on
    text = text.substr(0, room);
    std::string out;
    if (!text.empty()) out.append(faint).append(text).append(plain);
    if (suggestion_drawn_) out += erase_right;
    move(out, text.size(), 'D');
    suggestion_drawn_ = !text.empty();
    return out;
}

std::string LineEditor::draw() {
    if (!announcement_.empty()) return draw_announcement();
    if (auto appended = draw_appended()) return *appended;
    return draw_line();
}

// The line as it is, the announcement under it, and the line again.
std::string LineEditor::draw_announcement() {
    std::size_t cursor = buffer_.cursor();
    buffer_.end();
    suggesting_ = false;
    std::string out = draw_line() + "\r\n" + announcement_;
    suggesting_ = true;
    announcement_.clear();
    buffer_.move_to(cursor);
    drawn_cursor_ = {};
    return out + draw_line();
}

std::string LineEditor::shown_prompt() const {
    if (!searching_) return prompt_;
    return std::string(found_ ? "(search) `" : "(not found) `") + query_ + "`: ";
}

std::string LineEditor::draw_line() {
    std::string out;
    if (clear_screen_) {
        out += clear_and_home;
        drawn_cursor_ = {};
        clear_screen_ = false;
    }
    move(out, drawn_cursor_.row, 'A');
    out += '\r';
    std::string prompt = shown_prompt();
    std::size_t prompt_columns = visible_columns(prompt);
    out += prompt;
    Place place{prompt_columns / size_.columns, prompt_columns % size_.columns};
    const std::string& text = buffer_.text();
    std::size_t capacity = (size_.rows - 1) * size_.columns;
    std::size_t room = capacity > prompt_columns ? capacity - prompt_columns : size_.columns;
    std::size_t at = window_start(room - size_.columns / 2);
    bool whole = at == 0;
    Place cursor = place;
    while (at < text.size() && place.row + 1 < size_.rows) {
        std::size_t length = character_at(text, at).length;
        if (at == buffer_.cursor()) cursor = place;
        put(out, place, std::string_view(text).substr(at, length));
        at += length;
    }
    if (at == buffer_.cursor()) cursor = place;
    out += erase_below;
    move(out, place.row - cursor.row, 'A');
    out += '\r';
    move(out, cursor.column, 'C');
    drawn_cursor_ = cursor;
    drawn_ = whole && at == text.size() && buffer_.cursor() == text.size();
    drawn_text_ = drawn_ ? text : std::string();
    suggestion_drawn_ = false;
    return drawn_ ? out + draw_suggestion() : out;
}

std::string LineEditor::finish(Outcome outcome) {
    buffer_.end();
    announcement_.clear();
    suggesting_ = false;
    const bool is_there = drawn_ && drawn_text_ == buffer_.text();
    std::string out(is_there && suggestion_drawn_ ? erase_right : std::string_view());
    if (!is_there) out = draw();
    suggestion_drawn_ = false;
    if (outcome == Outcome::interrupted) out += "^C";
    return out + "\r\n";
}

}  // namespace shell
