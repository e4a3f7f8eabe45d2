// SPDX-License-Identifier: MIT
// export, readonly, local, unset and shift.
#include <unistd.h>
#include <charconv>

#include "shell/builtins/builtin.hpp"
#include "shell/builtins/quoting.hpp"
#include "shell/run/output.hpp"
#include "shell/syntax/lexer.hpp"

namespace shell {

std::string quoted(std::string_view text) {
    std::string result = "'";
    for (char c : text) {
        if (c == '\'') {
            result += "'\\''";
        } else {
            result += c;
        }
    }
    return result + "'";
}

int list_variables(const Variables& variables, std::string_view prefix, Listed which) {
    std::string text;
    for (const auto& [name, variable] : variables.all()) {
        bool listed = which == Listed::exported    ? variable.exported
                      : which == Listed::read_only ? variable.read_only
                                                   : variable.has_value;
        if (!listed) continue;
        text += std::string(prefix) + name;
        if (variable.has_value) text += "=" + quoted(variable.value);
        text += '\n';
    }
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

namespace {

// NAME or NAME=VALUE for each argument: `declare` is called with the name, before it gets its value. The mistakes of a special
// builtin end a script.
template <class Declare>
int declare_each(Executor& executor, std::string_view builtin, Arguments arguments,
                 Declare&& declare) {
    Variables& variables = executor.variables();
    for (std::string_view argument : arguments) {
        std::size_t equals = argument.find('=');
        std::string_view name = argument.substr(0, equals);
        if (!is_name(name))
            return executor.special_error(std::string(builtin) + ": " + std::string(name) +
                                          ": not the name of a variable");
        declare(name);
        if (equals != argument.npos && !variables.set(name, argument.substr(equals + 1)))
            return executor.special_error(std::string(builtin) + ": " + read_only(name));
    }
    return 0;
}

bool only_lists(Arguments arguments) {
    return arguments.empty() || (arguments.size() == 1 && arguments[0] == "-p");
}

}  // namespace

int export_builtin(Executor& executor, Arguments arguments) {
    Variables& variables = executor.variables();
    if (only_lists(arguments)) return list_variables(variables, "export ", Listed::exported);
    return declare_each(executor, "export", arguments,
                        [&](std::string_view name) { variables.export_variable(name); });
}

int readonly_builtin(Executor& executor, Arguments arguments) {
    Variables& variables = executor.variables();
    if (only_lists(arguments)) return list_variables(variables, "readonly ", Listed::read_only);
    int status = declare_each(executor, "readonly", arguments, [](std::string_view) {});
    for (std::string_view argument : arguments) {
        if (status == 0) variables.make_read_only(argument.substr(0, argument.find('=')));
    }
    return status;
}

// Not in POSIX, but in every shell that scripts are written for. A name without a value keeps the one that it had.
int local_builtin(Executor& executor, Arguments arguments) {
    Session& session = executor.session();
    if (session.locals.empty()) return executor.special_error("local: not in a function");
    return declare_each(executor, "local", arguments, [&](std::string_view name) {
        session.locals.back().emplace(session.locals.back().begin(), name,
                                      session.variables.saved(name));
    });
}

int unset_builtin(Executor& executor, Arguments arguments) {
    bool functions = !arguments.empty() && arguments[0] == "-f";
    if (functions || (!arguments.empty() && arguments[0] == "-v")) arguments = arguments.subspan(1);
    for (const std::string& name : arguments) {
        if (functions) {
            executor.session().functions.erase(name);
        } else if (!is_name(name)) {
            return executor.special_error("unset: " + name + ": not the name of a variable");
        } else if (!executor.variables().unset(name)) {
            return executor.special_error("unset: " + read_only(name));
        }
    }
    return 0;
}

int shift_builtin(Executor& executor, Arguments arguments) {
    auto& all = executor.session().arguments;
    std::size_t count = 1;
    if (!arguments.empty()) {
        const std::string& text = arguments[0];
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        bool whole = error == std::errc{} && end == text.data() + text.size();
        if (!whole || arguments.size() > 1) return usage_error(executor, "shift");
    }
    if (count > all.size()) {
        return executor.special_error("shift: there are only " + std::to_string(all.size()) +
                                      " arguments");
    }
    all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
    return 0;
}

}  // namespace shell
