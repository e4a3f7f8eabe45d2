// SPDX-License-Identifier: MIT
// cd and pwd. PWD and OLDPWD follow the directory.
#include <unistd.h>
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

}  // namespace

int cd_builtin(Executor& executor, Arguments arguments) {
    if (arguments.size() > 1) return usage_error("cd");
    Variables& variables = executor.variables();
    std::string target(arguments.empty() ? variables.get_or("HOME", "") : arguments[0]);
    if (arguments.empty() && target.empty()) {
        complain("cd: HOME is not set");
        return 1;
    }
    bool back = target == "-";
    if (back) {
        auto old = variables.get("OLDPWD");
        if (!old) {
            complain("cd: there is no directory to go back to");
            return 1;
        }
        target = *old;
    }
    auto before = current_directory();
    if (chdir(target.c_str()) != 0) {
        complain_errno("cd: " + target, errno);
        return 1;
    }
    auto now = current_directory();
    if (before) variables.set("OLDPWD", *before);
    if (now) variables.set("PWD", *now);
    if (back && now) write_all(STDOUT_FILENO, *now + "\n");
    return 0;
}

int pwd_builtin(Executor&, Arguments) {
    auto directory = current_directory();
    if (!directory) {
        complain_errno("pwd", errno);
        return 1;
    }
    return write_all(STDOUT_FILENO, *directory + "\n") ? 0 : 1;
}

}  // namespace shell
