// SPDX-License-Identifier: MIT
// cd and pwd. PWD and OLDPWD follow the directory.
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <climits>

#include "shell/builtins/builtin.hpp"
#include "shell/run/output.hpp"

namespace shell {

namespace {

std::optional<std::string> current_directory() {
    char buffer[PATH_MAX];
    if (getcwd(buffer, sizeof buffer) == nullptr) return std::nullopt;
    return buffer;
}

// Where the shell is by the names that led there: PWD, if it is right.
std::optional<std::string> logical_directory(const Variables& variables) {
    std::string named(variables.get_or("PWD", ""));
    struct stat here, there;
    bool right = named.starts_with('/') && stat(".", &here) == 0 &&
                 stat(named.c_str(), &there) == 0 && here.st_ino == there.st_ino &&
                 here.st_dev == there.st_dev;
    return right ? named : current_directory();
}

// The path from the root without `.`, `..` and doubled slashes; `..` takes away the name before it, even if that is a link.
std::string without_dots(std::string_view path) {
    std::vector<std::string_view> names;
    while (!path.empty()) {
        std::size_t end = std::min(path.find('/'), path.size());
        std::string_view name = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (name == "..") {
            if (!names.empty()) names.pop_back();
        } else if (!name.empty() && name != ".") {
            names.push_back(name);
        }
    }
    std::string result;
    for (std::string_view name : names) result += "/" + std::string(name);
    return result.empty() ? "/" : result;
}

// -L and -P, the last one counts: whether names are taken as they are (L). Nothing: another option.
std::optional<bool> takes_names(Arguments& arguments) {
    bool names = true;
    while (!arguments.empty() && arguments[0].size() > 1 && arguments[0][0] == '-') {
        std::string option = arguments[0];
        arguments = arguments.subspan(1);
        if (option == "--") break;
        for (char letter : option.substr(1)) {
            if (letter != 'L' && letter != 'P') return std::nullopt;
            names = letter == 'L';
        }
    }
    return names;
}

// The directory below one of CDPATH's that has this name; empty: none.
std::string in_search_path(const Variables& variables, const std::string& target) {
    bool searched = !target.empty() && target[0] != '/' && target != "." && target != ".." &&
                    !target.starts_with("./") && !target.starts_with("../");
    std::string_view path = searched ? variables.get_or("CDPATH", "") : "";
    while (!path.empty()) {
        std::size_t end = std::min(path.find(':'), path.size());
        std::string candidate(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
        if (candidate.empty()) continue;
        candidate += "/" + target;
        struct stat status;
        if (stat(candidate.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return candidate;
    }
    return {};
}

// 0, or errno. `now`: where the shell is then.
int change_directory(const Variables& variables, const std::string& target, bool names,
                     std::string& now) {
    auto here = names ? logical_directory(variables) : std::nullopt;
    if (here) {
        now = without_dots(target.starts_with('/') ? target : *here + "/" + target);
        if (chdir(now.c_str()) == 0) return 0;
    }
    if (chdir(target.c_str()) != 0) return errno;
    now = current_directory().value_or(target);
    return 0;
}

}  // namespace

int cd_builtin(Executor& executor, Arguments arguments) {
    auto names = takes_names(arguments);
    if (!names || arguments.size() > 1) return usage_error("cd");
    Variables& variables = executor.variables();
    std::string target(arguments.empty() ? variables.get_or("HOME", "") : arguments[0]);
    if (arguments.empty() && target.empty()) {
        complain("cd: HOME is not set");
        return 1;
    }
    bool shows = target == "-";
    if (shows) {
        auto old = variables.get("OLDPWD");
        if (!old) {
            complain("cd: there is no directory to go back to");
            return 1;
        }
        target = *old;
    } else if (std::string found = in_search_path(variables, target); !found.empty()) {
        target = found;
        shows = true;
    }
    auto before = logical_directory(variables);
    std::string now;
    if (int error = change_directory(variables, target, *names, now); error != 0) {
        complain_errno("cd: " + target, error);
        return 1;
    }
    if (before) variables.set("OLDPWD", *before);
    variables.set("PWD", now);
    if (shows) write_all(STDOUT_FILENO, now + "\n");
    return 0;
}

int pwd_builtin(Executor& executor, Arguments arguments) {
    auto names = takes_names(arguments);
    if (!names || !arguments.empty()) return usage_error("pwd");
    auto directory = *names ? logical_directory(executor.variables()) : current_directory();
    if (!directory) {
        complain_errno("pwd", errno);
        return 1;
    }
    return write_all(STDOUT_FILENO, *directory + "\n") ? 0 : 1;
}

}  // namespace shell
