// SPDX-License-Identifier: MIT
#include "apps/top/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "apps/top/commands.hpp"

namespace top {

namespace {

struct Sequence {
    std::string_view text;
    int key;
};
constexpr std::array sequences{
    Sequence{"\x1b[A", key::up},       Sequence{"\x1bOA", key::up},
    Sequence{"\x1b[B", key::down},     Sequence{"\x1bOB", key::down},
    Sequence{"\x1b[5~", key::page_up}, Sequence{"\x1b[6~", key::page_down},
    Sequence{"\x1b[H", key::home},     Sequence{"\x1bOH", key::home},
    Sequence{"\x1b[F", key::end},      Sequence{"\x1bOF", key::end}};

// The key at the front of the text, which is taken off.
int take_key(std::string_view& text) {
    for (const Sequence& sequence : sequences) {
        if (text.starts_with(sequence.text)) {
            text.remove_prefix(sequence.text.size());
            return sequence.key;
        }
    }
    const int key = static_cast<unsigned char>(text[0]);
    text.remove_prefix(1);
    if (key == '\n') return key::enter;
    if (key == key::escape && text.starts_with('[')) {  // one that means nothing here
        const std::size_t last = text.find_first_of("~ABCDEFGHPQRSZ", 1);
        text.remove_prefix(last == text.npos ? text.size() : last + 1);
        return 0;
    }
    return key;
}

std::string_view style_of(Line::Style style) {
    switch (style) {
        case Line::Style::head:   return "\x1b[7m";
        case Line::Style::chosen: return "\x1b[1m";
        case Line::Style::plain:  break;
    }
    return "";
}

}  // namespace

Screen::Screen() {
    usable_ = isatty(STDOUT_FILENO) != 0 && tcgetattr(STDIN_FILENO, &before_) == 0;
    if (usable_) take();
}

Screen::~Screen() {
    if (usable_) leave();
}

void Screen::take() {
    termios raw = before_;
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    print("\x1b[?1049h\x1b[?25l");
    forget();
}

void Screen::leave() {
    print("\x1b[?25h\x1b[?1049l");
    tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
}

void Screen::stop() {
    leave();
    (void)raise(SIGSTOP);
    take();
}

Size Screen::size() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        return {};
    return {.lines = size.ws_row, .columns = size.ws_col};
}

bool Screen::show(const std::vector<Line>& lines) {
    std::string text;
    if (shown_.empty()) text += "\x1b[2J";
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i < shown_.size() && shown_[i] == lines[i]) continue;
        text += "\x1b[" + std::to_string(i + 1) + ";1H";
        text += style_of(lines[i].style);
        text += lines[i].text + "\x1b[K\x1b[m";
    }
    if (shown_.size() > lines.size())
        text += "\x1b[" + std::to_string(lines.size() + 1) + ";1H\x1b[J";
    shown_ = lines;
    return text.empty() || print(text);
}

std::vector<int> Screen::read_keys() {
    char buffer[256];
    const ssize_t count = read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) return {};
    if (count <= 0) return {-1};
    std::vector<int> keys;
    for (std::string_view text(buffer, static_cast<std::size_t>(count)); !text.empty();)
        keys.push_back(take_key(text));
    return keys;
}

}  // namespace top
