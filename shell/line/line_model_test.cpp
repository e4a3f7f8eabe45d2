// SPDX-License-Identifier: MIT
// The line editor's contract as a model: characters in a row and a cursor between two of them. Random keys, the same to both: after
// each one text and cursor must be the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "shell/line/line_editor.hpp"

namespace shell {
namespace {

using Characters = std::vector<std::string>;

std::string join(const Characters& characters) {
    std::string text;
    for (const std::string& one : characters) text += one;
    return text;
}

bool is_word(const std::string& character) {
    return character.size() > 1 || std::isalnum(static_cast<unsigned char>(character[0])) != 0;
}

Characters split(const std::string& text) {
    Characters result;
    for (const char byte : text) {
        if ((static_cast<unsigned char>(byte) & 0xc0) == 0x80) {
            result.back() += byte;
        } else {
            result.emplace_back(1, byte);
        }
    }
    return result;
}

class Model {
public:
    explicit Model(std::vector<std::string> history)
        : history_(std::move(history)), recalled_(history_.size()) {}

    void press(const std::string& key) {
        if (!searching_) {
            edit(key);
        } else if (key == "\x12") {
            search(recalled_);
        } else if (key == "\x7f") {
            if (!query_.empty()) query_.pop_back();
            search(history_.size());
        } else if (key == "\x07" || key == "\x03") {
            searching_ = false;
            recalled_ = history_.size();
            set(draft_);
        } else if (is_text(key)) {
            for (const std::string& one : split(key)) {
                query_.push_back(one);
                search(recalled_ + 1);
            }
        } else {
            searching_ = false;
            edit(key);
        }
    }
    [[nodiscard]] std::string text() const { return join(line_); }
    [[nodiscard]] std::size_t cursor() const { return bytes_before(at_); }

private:
    static bool is_text(const std::string& key) {
        return static_cast<unsigned char>(key[0]) >= ' ' && key[0] != '\x7f';
    }
    [[nodiscard]] std::size_t bytes_before(std::size_t at) const {
        return join({line_.begin(), line_.begin() + static_cast<std::ptrdiff_t>(at)}).size();
    }
    void set(const std::string& text) {
        line_ = split(text);
        at_ = line_.size();
    }
    void insert(const Characters& what) {
        line_.insert(line_.begin() + static_cast<std::ptrdiff_t>(at_), what.begin(), what.end());
        at_ += what.size();
    }
    void erase(std::size_t from, std::size_t to, bool keeps) {
        if (from == to) return;
        const auto begin = line_.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end = line_.begin() + static_cast<std::ptrdiff_t>(to);
        if (keeps) cut_.assign(begin, end);
        line_.erase(begin, end);
        at_ = from;
    }
    // Backwards over what is not of this kind, and then over what is.
    template <class Kind>
    [[nodiscard]] std::size_t back(Kind&& kind) const {
        std::size_t at = at_;
        while (at > 0 && !kind(line_[at - 1])) --at;
        while (at > 0 && kind(line_[at - 1])) --at;
        return at;
    }
    [[nodiscard]] std::size_t forth() const {
        std::size_t at = at_;
        while (at < line_.size() && !is_word(line_[at])) ++at;
        while (at < line_.size() && is_word(line_[at])) ++at;
        return at;
    }
    void recall(bool earlier) {
        if (earlier ? recalled_ == 0 : recalled_ == history_.size()) return;
        if (recalled_ == history_.size()) draft_ = text();
        recalled_ += earlier ? std::size_t(-1) : 1;
        set(recalled_ == history_.size() ? draft_ : history_[recalled_]);
    }
    void search(std::size_t from) {
        for (std::size_t i = std::min(from, history_.size()); i > 0; --i) {
            const std::size_t found = history_[i - 1].find(join(query_));
            if (found == std::string::npos) continue;
            recalled_ = i - 1;
            set(history_[recalled_]);
            at_ = split(history_[recalled_].substr(0, found)).size();
            return;
        }
    }
    // The newest line of the history that goes on from this one, of ASCII.
    [[nodiscard]] std::string suggestion() const {
        const std::string now = text();
        if (now.empty() || at_ != line_.size()) return {};
        for (auto line = history_.rbegin(); line != history_.rend(); ++line) {
            if (line->size() <= now.size() || !line->starts_with(now)) continue;
            const std::string rest = line->substr(now.size());
            return std::ranges::any_of(rest, [](char c) { return c < 0 || c == 127; }) ? "" : rest;
        }
        return {};
    }
    void transpose() {
        if (line_.size() < 2 || at_ == 0) return;
        const std::size_t second = at_ == line_.size() ? at_ - 1 : at_;
        std::swap(line_[second - 1], line_[second]);
        at_ = second + 1;
    }
    void edit(const std::string& key) {
        const auto no_blank = [](const std::string& one) { return one != " "; };
        if (is_text(key)) return insert(split(key));
        if (key == "\x1b[D" || key == "\x02") at_ -= at_ > 0 ? 1 : 0;
        if (key == "\x1b[C" || key == "\x06" || key == "\x1b[F" || key == "\x05") {
            if (const std::string rest = suggestion(); !rest.empty()) return insert(split(rest));
            const bool one = key == "\x1b[C" || key == "\x06";
            at_ = one ? std::min(at_ + 1, line_.size()) : line_.size();
        }
        if (key == "\x1b[H" || key == "\x01") at_ = 0;
        if (key == "\x1b[A" || key == "\x10") recall(true);
        if (key == "\x1b[B" || key == "\x0e") recall(false);
        if (key ==
            "\x1b"
            "b")
            at_ = back(is_word);
        if (key ==
            "\x1b"
            "f")
            at_ = forth();
        if (key == "\x7f" && at_ > 0) erase(at_ - 1, at_, false);
        if (key == "\x1b[3~" && at_ < line_.size()) erase(at_, at_ + 1, false);
        if (key == "\x0b") erase(at_, line_.size(), true);
        if (key == "\x15") erase(0, at_, true);
        if (key == "\x17") erase(back(no_blank), at_, true);
        if (key == "\x1b\x7f") erase(back(is_word), at_, true);
        if (key ==
            "\x1b"
            "d")
            erase(at_, forth(), true);
        if (key == "\x19") insert(cut_);
        if (key == "\x14") transpose();
        if (key == "\x12") {
            if (recalled_ == history_.size()) draft_ = text();
            searching_ = true;
            query_.clear();
            recalled_ = history_.size();
        }
    }

    const std::vector<std::string> history_;
    Characters line_, cut_, query_;
    std::size_t at_ = 0;
    std::size_t recalled_;
    std::string draft_;
    bool searching_ = false;
};

TEST(LineContract, RandomEditingDoesWhatTheModelSays) {
    const std::vector<std::string> lines = {"cat notes", "ls -l /home", "echo gr\xc3\xbc\xc3\x9ft",
                                            "cat notes more", "l"};
    const std::string alt = "\x1b";
    const std::vector<std::string> keys = {
        "a",      "l",      "cat",    " ",       "s-/",     "\xc3\xbc", "\xe5\xa5\xbd",
        "\x1b[D", "\x1b[C", "\x1b[H", "\x1b[F",  "\x1b[A",  "\x1b[B",   "\x1b[3~",
        "\x7f",   "\x01",   "\x02",   "\x05",    "\x06",    "\x0b",     "\x15",
        "\x17",   "\x19",   "\x14",   alt + "b", alt + "f", alt + "d",  alt + "\x7f",
        "\x12",   "\x07",   "\x10",   "\x0e"};
    History history;
    for (const std::string& line : lines) history.add(line);
    std::mt19937 random(20260101);
    for (int sequence = 0; sequence < 500; ++sequence) {
        LineEditor editor(history);
        Model model(lines);
        editor.begin("$ ", {24, 80});
        std::string typed;
        for (int i = 0; i < 60; ++i) {
            const std::string& key = keys[random() % keys.size()];
            typed += key;
            for (const char byte : key) editor.feed(byte);
            model.press(key);
            ASSERT_EQ(editor.text(), model.text())
                << sequence << ": " << testing::PrintToString(typed);
            ASSERT_EQ(editor.cursor(), model.cursor())
                << sequence << ": " << testing::PrintToString(typed);
        }
    }
}

}  // namespace
}  // namespace shell
