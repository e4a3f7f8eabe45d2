// SPDX-License-Identifier: MIT
#include "libs/accounts/session.hpp"

#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace accounts {

namespace {

constexpr const char* usual_terminal_type = "xterm-256color";

void set(std::vector<std::string>& environment, const std::string& name, const std::string& value) {
    std::erase_if(environment,
                  [&](const std::string& entry) { return entry.starts_with(name + "="); });
    environment.push_back(name + "=" + value);
}

void set_person(std::vector<std::string>& environment, const Person& person) {
    set(environment, "HOME", person.home);
    set(environment, "USER", person.name);
    set(environment, "LOGNAME", person.name);
    set(environment, "SHELL", person.shell);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
}

}  // namespace

void settle_identity(const Person& person) {
    // The process has these already; they cannot fail.
    (void)!setgid(person.group);
    (void)!setuid(person.user);
}

std::vector<std::string> fresh_environment(const Person& person) {
    std::vector<std::string> environment;
    set_person(environment, person);
    set(environment, "PATH", search_path);
    const char* type = getenv("TERM");
    set(environment, "TERM", type != nullptr && *type != '\0' ? type : usual_terminal_type);
    return environment;
}

std::vector<std::string> changed_environment(const Person& person) {
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
    set_person(environment, person);
    return environment;
}

std::string login_name_of(const std::string& shell) {
    return "-" + shell.substr(shell.rfind('/') + 1);
}

void execute(const std::string& program, std::vector<std::string> arguments,
             std::vector<std::string> environment) {
    const std::vector<char*> words = pointers(arguments);
    const std::vector<char*> variables = pointers(environment);
    if (program.contains('/')) {
        execve(program.c_str(), words.data(), variables.data());
        return;
    }
    int error = ENOENT;
    for (std::string_view rest = search_path; !rest.empty();) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
        const std::string path = std::string(folder) + "/" + program;
        execve(path.c_str(), words.data(), variables.data());
        if (errno != ENOENT) error = errno;
    }
    errno = error;
}

}  // namespace accounts
