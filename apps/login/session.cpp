// SPDX-License-Identifier: MIT
#include "apps/login/session.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

namespace login {

namespace {

constexpr const char* welcome = "/etc/welcome.txt";
constexpr const char* search_path = "/bin:/usr/bin";
constexpr const char* default_terminal_type = "xterm-256color";
constexpr int status_no_shell = 127;

// Groups first: afterwards there is no right left to change them.
bool become(const User& user) {
    if (geteuid() == 0 && setgroups(user.groups.size(), user.groups.data()) != 0 && errno != ENOSYS)
        return false;
    return setgid(user.group) == 0 && setuid(user.id) == 0;
}

void show_welcome(const Terminal& terminal) {
    int file = open(welcome, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    char buffer[1024];
    ssize_t count;
    while ((count = read(file, buffer, sizeof buffer)) > 0) {
        terminal.write({buffer, static_cast<std::size_t>(count)});
    }
    close(file);
}

[[noreturn]] void give_up(const Terminal& terminal, const std::string& what) {
    terminal.write("login: " + what + ": " + strerror(errno) + "\n");
    _exit(status_no_shell);
}

// Never comes back.
[[noreturn]] void become_shell(const Terminal& terminal, const User& user) {
    terminal.make_controlling();
    // What login ignores for itself is not ignored by what it starts.
    for (int signal : {SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGTTOU, SIGTTIN})
        std::signal(signal, SIG_DFL);
    if (!become(user)) give_up(terminal, "cannot become " + user.name);
    if (chdir(user.home.c_str()) != 0) {
        terminal.write("login: " + user.home + ": " + strerror(errno) + "; starting in /\n");
        (void)!chdir("/");
    }
    show_welcome(terminal);
    const char* type = getenv("TERM");
    std::string entries[] = {
        "HOME=" + user.home,
        "USER=" + user.name,
        "LOGNAME=" + user.name,
        "SHELL=" + user.shell,
        std::string("PATH=") + search_path,
        std::string("TERM=") + (type != nullptr && *type != '\0' ? type : default_terminal_type),
    };
    char* environment[std::size(entries) + 1] = {};
    for (std::size_t i = 0; i < std::size(entries); ++i) environment[i] = entries[i].data();
    // A name that begins with `-` tells a shell that it is a login shell.
    std::string name = "-" + user.shell.substr(user.shell.rfind('/') + 1);
    char* arguments[] = {name.data(), nullptr};
    execve(user.shell.c_str(), arguments, environment);
    give_up(terminal, user.shell);
}

}  // namespace

void run_session(const Terminal& terminal, const User& user) {
    pid_t child = fork();
    if (child < 0) {
        terminal.write(std::string("login: cannot start a session: ") + strerror(errno) + "\n");
        return;
    }
    if (child == 0) become_shell(terminal, user);
    // Orphans of earlier sessions may end here too.
    pid_t ended;
    do {
        ended = waitpid(-1, nullptr, 0);
    } while (ended != child && (ended > 0 || errno == EINTR));
}

}  // namespace login
