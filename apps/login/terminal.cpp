// SPDX-License-Identifier: MIT
#include "apps/login/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <cerrno>

namespace login {

namespace {

constexpr std::size_t longest_line = 256;

void set_ordinary_modes() {
    termios modes;
    if (tcgetattr(STDIN_FILENO, &modes) != 0) return;
    modes.c_iflag |= ICRNL | IXON | BRKINT;
    modes.c_iflag &= ~static_cast<tcflag_t>(INLCR | IGNCR | ISTRIP);
    modes.c_oflag |= OPOST | ONLCR;
    modes.c_cflag |= CREAD | CLOCAL;
    modes.c_lflag |= ICANON | ECHO | ECHOE | ECHOK | ISIG | IEXTEN;
    modes.c_cc[VINTR] = 'C' & 0x1f;
    modes.c_cc[VEOF] = 'D' & 0x1f;
    modes.c_cc[VKILL] = 'U' & 0x1f;
    modes.c_cc[VSUSP] = 'Z' & 0x1f;
    modes.c_cc[VERASE] = 0x7f;
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &modes);
}

class EchoOff {
public:
    EchoOff() {
        if (tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        active_ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
    ~EchoOff() {
        if (active_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    }
    EchoOff(const EchoOff&) = delete;
    EchoOff& operator=(const EchoOff&) = delete;

    // A password is not asked for where it would be seen; what is no terminal does not show it.
    bool safe() const { return active_ || !isatty(STDIN_FILENO); }

private:
    termios before_{};
    bool active_ = false;
};

// One byte; nothing at the end of input.
std::optional<char> read_byte() {
    char byte;
    ssize_t count;
    do {
        count = read(STDIN_FILENO, &byte, 1);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return std::nullopt;
    return byte;
}

}  // namespace

bool Terminal::open() const {
    if (!path_.empty()) {
        int terminal = ::open(path_.c_str(), O_RDWR | O_NOCTTY);
        if (terminal < 0) return false;
        for (int descriptor = 0; descriptor <= 2; ++descriptor) dup2(terminal, descriptor);
        if (terminal > 2) close(terminal);
    }
    set_ordinary_modes();
    return true;
}

void Terminal::make_controlling() const {
    if (setsid() < 0) return;
    // Taken even from the session that login itself may have on it.
    ioctl(STDIN_FILENO, TIOCSCTTY, 1);
    tcsetpgrp(STDIN_FILENO, getpid());
}

void Terminal::write(std::string_view text) const {
    while (!text.empty()) {
        ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::optional<std::string> Terminal::read_line() const {
    std::string line;
    while (auto byte = read_byte()) {
        if (*byte == '\n') return line;
        if (line.size() < longest_line) line += *byte;
    }
    return std::nullopt;
}

bool Terminal::read_secret(std::string_view question, Secret& secret) const {
    // Before the question, so that an answer that comes at once is neither seen nor flushed.
    EchoOff echo_off;
    if (!echo_off.safe()) return false;
    write(question);
    secret.clear();
    auto byte = read_byte();
    for (; byte && *byte != '\n'; byte = read_byte()) secret.push(*byte);
    write("\n");
    return byte.has_value();
}

}  // namespace login
