// SPDX-License-Identifier: MIT
// login: asks who is there, and starts the user's shell. One process for each terminal, for as long as the system runs.
//
//   login [TERMINAL]    e.g. login /dev/tty1; without it, on the terminal that it was started on
#include <termios.h>
#include <unistd.h>
#include <csignal>

#include <utility>

#include "apps/login/session.hpp"
#include "apps/login/terminal.hpp"
#include "libs/accounts/prompt.hpp"

namespace login {

namespace {

constexpr unsigned pause_without_terminal = 5;  // seconds

// From the prompt to the logout, or to a failed attempt. False at the end of input.
bool round(const Terminal& terminal) {
    const accounts::Prompt prompt(STDIN_FILENO, STDOUT_FILENO);
    prompt.write("\nlogin: ");
    const auto name = prompt.read_line();
    if (!name) return false;
    if (!name->empty()) run_session(terminal, *name);
    return true;
}

[[noreturn]] void serve(const std::string& path) {
    // Nobody at the keyboard can end a login but by logging in.
    for (int signal : {SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGTTOU, SIGTTIN})
        std::signal(signal, SIG_IGN);
    const Terminal terminal(path);
    bool again = true;
    bool first = true;
    while (true) {
        if (!again && path.empty()) _exit(0);
        while (!terminal.open()) sleep(pause_without_terminal);
        // What was typed for a session before this one is nobody's name.
        if (std::exchange(first, false)) tcflush(STDIN_FILENO, TCIFLUSH);
        again = round(terminal);
    }
}

}  // namespace

}  // namespace login

int main(int count, char** words) {
    // Its path, if it has one: when a session ends, what is open of the terminal is hung up.
    const char* own = ttyname(STDIN_FILENO);
    login::serve(count > 1 ? words[1] : own != nullptr ? own : "");
}
