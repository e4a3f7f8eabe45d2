// SPDX-License-Identifier: MIT
#include "apps/login/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace login {

namespace {

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

}  // namespace login
