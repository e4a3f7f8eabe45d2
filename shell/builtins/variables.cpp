// SPDX-License-Identifier: MIT
// export, unset, set and shift.
#include <unistd.h>
#include <charconv>

#include "shell/builtins/builtin.hpp"
#include "shell/run/output.hpp"
#include "shell/syntax/lexer.hpp"

namespace shell {

namespace {

// A value as it could be typed.
std::string quoted(std::string_view value) {
    std::string result = "'";
    for (char c : value) {
        if (c == '\'') {
            result += "'\\''";
        } else {
            result += c;
        }
    }
    return result + "'";
}

int list_variables(const Variables& variables, bool only_exported, std::string_view prefix) {
    std::string text;
    for (const auto& [name, variable] : variables.all()) {
        if (only_exported && !variable.exported) continue;
        if (!only_exported && !variable.has_value) continue;
        text += std::string(prefix) + name;
        if (variable.has_value) text += "=" + quoted(variable.value);
        text += '\n';
    }
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

int bad_name(std::string_view builtin, std::string_view name) {
    complain(std::string(builtin) + ": " + std::string(name) + ": not the name of a variable");
    return 1;
}

}  // namespace

int export_builtin(Executor& executor, Arguments arguments) {
    Variables& variables = executor.variables();
    if (arguments.empty()) return list_variables(variables, true, "export ");
    int status = 0;
    for (std::string_view argument : arguments) {
        std::size_t equals = argument.find('=');
        std::string_view name = argument.substr(0, equals);
        if (!is_name(name)) {
            status = bad_name("export", name);
            continue;
        }
        if (equals != argument.npos) variables.set(name, argument.substr(equals + 1));
        variables.export_variable(name);
    }
    return status;
}

int unset_builtin(Executor& executor, Arguments arguments) {
    int status = 0;
    for (const std::string& name : arguments) {
        if (arguments[0] == "-f") {
            executor.session().functions.erase(name);
        } else if (is_name(name)) {
            executor.variables().unset(name);
        } else {
            status = bad_name("unset", name);
        }
    }
    return status;
}

int set_builtin(Executor& executor, Arguments arguments) {
    if (arguments.empty()) return list_variables(executor.variables(), false, "");
    if (arguments[0] != "--") return usage_error("set");
    executor.session().arguments.assign(arguments.begin() + 1, arguments.end());
    return 0;
}

int shift_builtin(Executor& executor, Arguments arguments) {
    auto& all = executor.session().arguments;
    std::size_t count = 1;
    if (!arguments.empty()) {
        const std::string& text = arguments[0];
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        bool whole = error == std::errc{} && end == text.data() + text.size();
        if (!whole || arguments.size() > 1) return usage_error("shift");
    }
    if (count > all.size()) {
        complain("shift: there are only " + std::to_string(all.size()) + " arguments");
        return 1;
    }
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
    return 0;
}

}  // namespace shell
