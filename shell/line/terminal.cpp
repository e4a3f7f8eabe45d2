// SPDX-License-Identifier: MIT
#include "shell/line/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <cerrno>

#include "shell/run/output.hpp"
#include "shell/run/session.hpp"

namespace shell {

namespace {

class RawMode {
public:
    RawMode() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios raw = before_;
        // ICRNL stays: what is typed ahead for the next program must end its lines as that expects.
        raw.c_iflag &= ~static_cast<tcflag_t>(INLCR | IXON | ISTRIP);
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
        raw.c_cc[VMIN] = 1;
        raw.c_cc[VTIME] = 0;
        active_ = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
    }
    ~RawMode() {
        if (active_) tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    }
    RawMode(const RawMode&) = delete;
    RawMode& operator=(const RawMode&) = delete;

private:
    termios before_{};
    bool active_ = false;
};

ScreenSize screen_size() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return {};
    return {size.ws_row, size.ws_col};
}

bool more_is_waiting() {
    pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    return poll(&input, 1, 0) > 0;
}

// Edits until the line is left; draws all but its end.
LineEditor::Outcome edit(LineEditor& editor, std::string prompt) {
    using Outcome = LineEditor::Outcome;
    RawMode raw;
    editor.begin(std::move(prompt), screen_size());
    write_all(STDOUT_FILENO, editor.draw());
    while (true) {
        char byte;
        ssize_t count = read(STDIN_FILENO, &byte, 1);
        if (count < 0 && errno == EINTR && !interrupt_pending) {
            editor.resize(screen_size());
            write_all(STDOUT_FILENO, editor.draw());
            continue;
        }
        if (count != 1) return interrupt_pending ? Outcome::interrupted : Outcome::end_of_input;
        Outcome outcome = editor.feed(byte);
        if (outcome != Outcome::editing) return outcome;
        if (!more_is_waiting()) write_all(STDOUT_FILENO, editor.draw());
    }
}

}  // namespace

ReadOutcome read_line(LineEditor& editor, std::string prompt, std::string& line) {
    using Outcome = LineEditor::Outcome;
    Outcome outcome = edit(editor, std::move(prompt));
    // The ordinary modes are back before the new row appears: whoever has seen it can interrupt what the line starts.
    write_all(STDOUT_FILENO, editor.finish(outcome));
    line = editor.text();
    if (outcome == Outcome::accepted) return ReadOutcome::line;
    return outcome == Outcome::interrupted ? ReadOutcome::interrupted : ReadOutcome::end_of_input;
}

PlainLine read_plain_line(int descriptor, std::string& line) {
    line.clear();
    while (true) {
        char byte;
        ssize_t count = read(descriptor, &byte, 1);
        if (count < 0 && errno == EINTR && interrupt_pending) return PlainLine::none;
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return line.empty() ? PlainLine::none : PlainLine::unended;
        if (byte == '\n') return PlainLine::whole;
        line += byte;
    }
}

}  // namespace shell
