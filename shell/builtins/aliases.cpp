// SPDX-License-Identifier: MIT
// alias and unalias.
#include <unistd.h>

#include "shell/builtins/builtin.hpp"
#include "shell/builtins/quoting.hpp"
#include "shell/run/output.hpp"

namespace shell {

namespace {

// What would not come out of the lexer as one plain word can never be replaced.
bool can_be_alias(std::string_view name) {
    return !name.empty() && name.find_first_of(" \t\n|&;<>()$`\\\"'*?[#~=") == name.npos;
}

std::string definition(std::string_view name, std::string_view text) {
    return std::string(name) + "=" + quoted(text) + "\n";
}

}  // namespace

int alias_builtin(Executor& executor, Arguments arguments) {
    Aliases& aliases = executor.session().aliases;
    std::string text;
    int status = 0;
    if (arguments.empty()) {
        for (const auto& [name, value] : aliases) text += definition(name, value);
    }
    for (std::string_view argument : arguments) {
        std::size_t equals = argument.find('=');
        std::string_view name = argument.substr(0, equals);
        auto found = aliases.find(name);
        if (equals != argument.npos && can_be_alias(name)) {
            aliases.insert_or_assign(std::string(name), std::string(argument.substr(equals + 1)));
        } else if (equals == argument.npos && found != aliases.end()) {
            text += definition(name, found->second);
        } else {
            complain("alias: " + std::string(name) +
                     (equals == argument.npos ? ": no such alias" : ": cannot be an alias"));
            status = 1;
        }
    }
    return write_all(STDOUT_FILENO, text) ? status : 1;
}

int unalias_builtin(Executor& executor, Arguments arguments) {
    Aliases& aliases = executor.session().aliases;
    if (arguments.empty()) return usage_error("unalias");
    if (arguments[0] == "-a") {
        aliases.clear();
        return 0;
    }
    int status = 0;
    for (const std::string& name : arguments) {
        if (aliases.erase(name) != 0) continue;
        complain("unalias: " + name + ": no such alias");
        status = 1;
    }
    return status;
}

}  // namespace shell
