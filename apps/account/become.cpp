// SPDX-License-Identifier: MIT
// su and sudo: the rest of the session, or one command, as somebody else. The server makes this process the other user's;
// what it then executes is in a container inside this one, and sees what this one sees.
#include <unistd.h>
#include <cerrno>
#include <cstring>

#include "apps/account/asking.hpp"
#include "libs/accounts/session.hpp"

namespace account {

namespace {

constexpr int status_not_found = 127, status_not_started = 126;

accounts::Person person_of(const std::string& name, const accounts::Said& said) {
    return {said.answer.user, said.answer.group, name, said.first, said.second};
}

int failed_to_start(const std::string& program) {
    const int error = errno;
    complain(program + ": " + strerror(error));
    return error == ENOENT ? status_not_found : status_not_started;
}

int run_shell(const accounts::Person& person, bool as_login, const std::string& command) {
    accounts::settle_identity(person);
    if (as_login && chdir(person.home.c_str()) != 0)
        complain(person.home + ": " + strerror(errno) + "; staying here");
    std::vector<std::string> arguments{as_login ? accounts::login_name_of(person.shell)
                                                : person.shell};
    if (!command.empty()) {
        arguments.emplace_back("-c");
        arguments.push_back(command);
    }
    accounts::execute(
        person.shell, std::move(arguments),
        as_login ? accounts::fresh_environment(person) : accounts::changed_environment(person));
    return failed_to_start(person.shell);
}

std::string joined(Words words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

}  // namespace

int su(Words words) {
    constexpr const char* usage = "su [-] [USER] [-c COMMAND]";
    std::string name = "root", command;
    bool as_login = false, named = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "-" || words[i] == "-l") {
            as_login = true;
        } else if (words[i] == "-c" && i + 1 < words.size()) {
            command = words[++i];
        } else if (!named && !words[i].starts_with('-')) {
            name = words[i];
            named = true;
        } else {
            return show_usage(usage);
        }
    }
    const auto asking = Asking::open();
    if (asking == nullptr) return 1;
    const auto ask = [&](accounts::Client& client, const accounts::Secret& secret) {
        return client.ask(accounts::Become{.how = accounts::Become::switch_to},
                          {name, secret.text()});
    };
    const auto said = geteuid() == 0 ? Asking::told(ask(asking->client(), {}), false)
                                     : asking->with_asked("Password of " + name + ": ", ask);
    return said ? run_shell(person_of(name, *said), as_login, command) : 1;
}

int sudo(Words words) {
    constexpr const char* usage = "sudo [-u USER] COMMAND [ARG...], sudo [-u USER] -i, or sudo -k";
    std::string name = "root";
    bool shell = false;
    while (!words.empty() && words[0].starts_with('-')) {
        const std::string& option = words[0];
        if (option == "-k" && words.size() == 1) {
            const auto asking = Asking::open();
            return asking && Asking::told(asking->client().ask(accounts::Forget{}), false) ? 0 : 1;
        }
        const bool takes_name = option == "-u" && words.size() > 1;
        if (takes_name) {
            name = words[1];
        } else if (option == "-i") {
            shell = true;
        } else if (option != "--") {
            return show_usage(usage);
        }
        words = words.subspan(takes_name ? 2 : 1);
        if (option == "--") break;
    }
    if (words.empty() != shell) return show_usage(usage);
    const std::string command = shell ? "a shell" : joined(words);
    const auto asking = Asking::open();
    if (asking == nullptr) return 1;
    const auto ask = [&](accounts::Client& client, const accounts::Secret& secret) {
        return client.ask(accounts::Become{.how = accounts::Become::administer},
                          {name, secret.text(), command});
    };
    const auto said = asking->with_password("Your own password: ", ask);
    if (!said) return 1;
    const accounts::Person person = person_of(name, *said);
    if (shell) return run_shell(person, true, "");
    accounts::settle_identity(person);
    accounts::execute(words[0], {words.begin(), words.end()},
                      accounts::changed_environment(person));
    return failed_to_start(words[0]);
}

}  // namespace account
