// SPDX-License-Identifier: MIT
#include "apps/login/session.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "libs/accounts/client.hpp"
#include "libs/accounts/prompt.hpp"
#include "libs/accounts/session.hpp"

namespace login {

namespace {

constexpr const char* welcome = "/etc/welcome.txt";
constexpr int status_no_shell = 127;

void show_welcome(const accounts::Prompt& prompt) {
    int file = open(welcome, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    char buffer[1024];
    ssize_t count;
    while ((count = read(file, buffer, sizeof buffer)) > 0) {
        prompt.write({buffer, static_cast<std::size_t>(count)});
    }
    close(file);
}

// Nobody learns whether it was the name or the password.
std::string told(const accounts::Said& said) {
    using accounts::Outcome;
    std::string text = said.notice.empty() ? "" : "login: " + said.notice + "\n";
    switch (said.answer.outcome) {
        case Outcome::done:           break;
        case Outcome::needs_password:
        case Outcome::wrong:          text += "Login incorrect\n"; break;
        case Outcome::too_soon:       text += "login: wait a few seconds\n"; break;
        case Outcome::refused:        text += "login: " + said.first + "\n"; break;
    }
    return text;
}

accounts::Result<accounts::Said> log_in(const std::string& name, const accounts::Secret& secret) {
    auto client = accounts::Client::open();
    if (!client) return std::unexpected(client.error());
    return client->ask(accounts::Become{.how = accounts::Become::log_in},
                       {name, secret.too_long() ? "" : secret.text()});
}

// The answer, once it has been said what there is to say; nothing, if there is no way in.
std::optional<accounts::Said> ask(const accounts::Prompt& prompt, const std::string& name) {
    accounts::Secret secret;
    if (!prompt.read_secret("Password: ", secret)) return std::nullopt;
    auto said = log_in(name, secret);
    // A server that was read from a disk which is gone ends when it is asked; there is another one then.
    if (!said && said.error() == accounts::server_ended) said = log_in(name, secret);
    if (!said) {
        prompt.write("login: " + said.error() + "\n");
        return std::nullopt;
    }
    prompt.write(told(*said));
    return said->answer.outcome == accounts::Outcome::done ? std::optional{*said} : std::nullopt;
}

[[noreturn]] void become_shell(const Terminal& terminal, const std::string& name) {
    terminal.make_controlling();
    const accounts::Prompt prompt(STDIN_FILENO, STDOUT_FILENO);
    const auto said = ask(prompt, name);
    if (!said) _exit(1);
    const accounts::Person person{said->answer.user, said->answer.group, name, said->first,
                                  said->second};
    accounts::settle_identity(person);
    // What login ignores for itself is not ignored by what it starts.
    for (int signal : {SIGINT, SIGQUIT, SIGTSTP, SIGHUP, SIGTTOU, SIGTTIN})
        std::signal(signal, SIG_DFL);
    if (chdir(person.home.c_str()) != 0) {
        prompt.write("login: " + person.home + ": " + strerror(errno) + "; starting in /\n");
        (void)!chdir("/");
    }
    show_welcome(prompt);
    accounts::execute(person.shell, {accounts::login_name_of(person.shell)},
                      accounts::fresh_environment(person));
    prompt.write("login: " + person.shell + ": " + strerror(errno) + "\n");
    _exit(status_no_shell);
}

}  // namespace

// In a process of its own: it is the one that becomes the user's, and the password ends with it.
void run_session(const Terminal& terminal, const std::string& name) {
    pid_t child = fork();
    if (child < 0) {
        accounts::Prompt(STDIN_FILENO, STDOUT_FILENO)
            .write(std::string("login: cannot start a session: ") + strerror(errno) + "\n");
        return;
    }
    if (child == 0) become_shell(terminal, name);
    // Orphans of earlier sessions may end here too.
    pid_t ended;
    do {
        ended = waitpid(-1, nullptr, 0);
    } while (ended != child && (ended > 0 || errno == EINTR));
}

}  // namespace login
