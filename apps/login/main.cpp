// SPDX-License-Identifier: MIT
// login: asks who is there, and starts the user's shell. One process for each terminal, for as long as the system runs.
//
//   login [TERMINAL]    e.g. login /dev/tty1; without it, on the terminal that it was started on
//   login --hash        asks for a password, and prints what belongs into /etc/users.toml
//
// The list of users is read anew for each login. If it has a mistake, the mistake is shown, and the last good list stays
// in force; without one nobody can log in until the file is mended.
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <algorithm>
#include <utility>

#include "apps/login/password.hpp"
#include "apps/login/session.hpp"
#include "apps/login/terminal.hpp"
#include "apps/login/users.hpp"

namespace login {

namespace {

constexpr const char* default_users_path = "/etc/users.toml";
constexpr unsigned pause_after_failure = 1;  // seconds
constexpr unsigned pause_without_terminal = 5;

class UserList {
public:
    explicit UserList(std::string path) : path_(std::move(path)) {}

    // What is wrong with the file now, or nothing.
    std::string reload() {
        std::string text;
        if (!read(text)) return "login: " + path_ + ": " + strerror(errno) + "\n";
        auto parsed = parse_users(text);
        if (parsed) {
            users_ = std::move(*parsed);
            return {};
        }
        const UsersError& error = parsed.error();
        return "login: " + path_ + ":" + std::to_string(error.line) + ":" +
               std::to_string(error.column) + ": " + error.message + "\n";
    }

    bool empty() const { return users_.empty(); }

    const User* find(std::string_view name) const {
        auto found = std::ranges::find(users_, name, &User::name);
        return found == users_.end() ? nullptr : &*found;
    }

private:
    bool read(std::string& text) const {
        int file = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
        if (file < 0) return false;
        char buffer[4096];
        ssize_t count;
        while ((count = ::read(file, buffer, sizeof buffer)) > 0)
            text.append(buffer, static_cast<std::size_t>(count));
        int error = errno;
        close(file);
        errno = error;
        return count == 0;
    }

    std::string path_;
    std::vector<User> users_;
};

// One attempt. Null: it failed, and that has been said.
const User* ask(const Terminal& terminal, UserList& users, const std::string& name) {
    Secret secret;
    if (!terminal.read_secret("Password: ", secret)) return nullptr;
    std::string mistake = users.reload();
    if (users.empty()) {
        terminal.write(mistake + "Nobody can log in until this file is mended.\n");
        return nullptr;
    }
    const User* user = users.find(name);
    switch (check(secret, user != nullptr ? user->password_hash : std::string())) {
        case Verdict::right: return user;
        case Verdict::cannot_check:
            terminal.write(
                "login: the password cannot be checked (a damaged hash, or too little memory)\n");
            break;
        case Verdict::wrong: break;
    }
    sleep(pause_after_failure);
    terminal.write("Login incorrect\n");
    return nullptr;
}

// From the prompt to the logout, or to a failed attempt. False at the end of input.
bool round(const Terminal& terminal, UserList& users) {
    std::string mistake = users.reload();
    if (!mistake.empty()) {
        terminal.write(mistake);
        if (!users.empty()) terminal.write("login: the users of before stay in force\n");
    }
    terminal.write("login: ");
    auto name = terminal.read_line();
    if (!name) return false;
    if (name->empty()) return true;
    if (const User* user = ask(terminal, users, *name)) {
        User copy = *user;
        run_session(terminal, copy);
    }
    return true;
}

[[noreturn]] void serve(const std::string& path, const std::string& users_path) {
    // Nobody at the keyboard can end a login but by logging in.
    for (int signal : {SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGTTOU, SIGTTIN})
        std::signal(signal, SIG_IGN);
    Terminal terminal(path);
    UserList users(users_path);
    bool again = true;
    bool first = true;
    while (true) {
        if (!again && path.empty()) _exit(0);
        while (!terminal.open()) sleep(pause_without_terminal);
        // What was typed for a session before this one is nobody's name.
        if (std::exchange(first, false)) tcflush(STDIN_FILENO, TCIFLUSH);
        terminal.write("\n");
        again = round(terminal, users);
    }
}

int print_hash() {
    Terminal terminal("");
    Secret first, second;
    if (!terminal.read_secret("Password: ", first)) return 1;
    if (!terminal.read_secret("The same again: ", second)) return 1;
    if (first.text() != second.text()) {
        terminal.write("They differ.\n");
        return 1;
    }
    auto hash = make_hash(first);
    if (!hash) {
        terminal.write(
            "login: cannot make a hash (too long a password, no memory or no randomness)\n");
        return 1;
    }
    terminal.write("password = \"" + *hash + "\"\n");
    return 0;
}

}  // namespace

}  // namespace login

int main(int count, char** words) {
    std::string_view first = count > 1 ? words[1] : "";
    if (first == "--hash") return login::print_hash();
    // For another list of users than the system's: `login --users FILE [TERMINAL]`.
    std::string users = login::default_users_path;
    int next = 1;
    if (first == "--users" && count > 2) {
        users = words[2];
        next = 3;
    }
    // Its path, if it has one: when a session ends, what is open of the terminal is hung up.
    const char* own = ttyname(STDIN_FILENO);
    login::serve(next < count ? words[next] : own != nullptr ? own : "", users);
}
