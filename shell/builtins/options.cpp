// SPDX-License-Identifier: MIT
// set and getopts.
#include <unistd.h>
#include <charconv>

#include "shell/builtins/builtin.hpp"
#include "shell/builtins/quoting.hpp"
#include "shell/run/output.hpp"

namespace shell {

namespace {

void switch_option(Session& session, const OptionName& option, bool on) {
    session.options.*option.field = on;
    if (option.field == &Options::monitor && on != session.job_control) {
        on ? start_job_control(session) : end_job_control(session);
        session.options.monitor = session.job_control;
    }
    session.variables.export_all(session.options.export_all);
}

// `set -o`: for people; `set +o`: as commands that set them again.
int list_options(const Options& options, bool as_commands) {
    std::string text;
    for (const OptionName& option : option_names()) {
        bool on = options.*option.field;
        if (as_commands) {
            text += (on ? "set -o " : "set +o ") + std::string(option.name) + "\n";
        } else {
            std::string line(option.name);
            line.append(16 - line.size(), ' ');
            text += line + (on ? "on\n" : "off\n");
        }
    }
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

// The letters of one argument, such as -eu, or -o with the name behind it. Nothing: an unknown one.
std::optional<std::size_t> take_options(Session& session, Arguments arguments) {
    bool on = arguments[0][0] == '-';
    std::size_t taken = 1;
    for (char letter : arguments[0].substr(1)) {
        const OptionName* option = nullptr;
        if (letter != 'o') {
            option = find_option(letter);
        } else if (taken < arguments.size()) {
            option = find_option(arguments[taken++]);
        }
        if (option == nullptr) return std::nullopt;
        switch_option(session, *option, on);
    }
    return taken;
}

}  // namespace

int set_builtin(Executor& executor, Arguments arguments) {
    Session& session = executor.session();
    if (arguments.empty()) return list_variables(session.variables, "", Listed::all);
    if (arguments.size() == 1 && (arguments[0] == "-o" || arguments[0] == "+o"))
        return list_options(session.options, arguments[0] == "+o");
    while (!arguments.empty()) {
        const std::string& word = arguments[0];
        bool is_option = word.size() > 1 && (word[0] == '-' || word[0] == '+') && word != "--";
        if (!is_option) break;
        auto taken = take_options(session, arguments);
        if (!taken) return usage_error(executor, "set");
        arguments = arguments.subspan(*taken);
        if (arguments.empty()) return 0;  // the shell's arguments stay
    }
    if (arguments[0] == "-") {
        session.options.shows_input = session.options.shows_commands = false;
        if (arguments.size() == 1) return 0;
    }
    bool marked = arguments[0] == "--" || arguments[0] == "-";
    session.arguments.assign(arguments.begin() + (marked ? 1 : 0), arguments.end());
    return 0;
}

// POSIX.1-2024, getopts. Which argument is next stands in OPTIND; which of its letters, in the session.
int getopts_builtin(Executor& executor, Arguments arguments) {
    if (arguments.size() < 2 || !is_name(arguments[1])) return usage_error("getopts");
    Session& session = executor.session();
    Variables& variables = executor.variables();
    std::string_view letters = arguments[0];
    const std::string& name = arguments[1];
    bool quiet = letters.starts_with(':');
    Arguments given = arguments.size() > 2 ? arguments.subspan(2) : Arguments(session.arguments);

    std::string index_text(variables.get_or("OPTIND", "1"));
    if (index_text != session.getopts_index) session.getopts_letter = 0;
    std::size_t index = 1;
    std::from_chars(index_text.data(), index_text.data() + index_text.size(), index);
    const auto finish = [&](std::string_view option, std::optional<std::string> argument) {
        session.getopts_index = std::to_string(index);
        variables.set("OPTIND", session.getopts_index);
        argument ? variables.set("OPTARG", *argument) : variables.unset("OPTARG");
        return variables.set(name, option);
    };

    const std::string* word = index >= 1 && index <= given.size() ? &given[index - 1] : nullptr;
    if (word != nullptr && session.getopts_letter + 1 >= word->size()) session.getopts_letter = 0;
    bool inside = session.getopts_letter > 0;
    if (word == nullptr || (!inside && (word->size() < 2 || (*word)[0] != '-' || *word == "--"))) {
        if (word != nullptr && *word == "--") ++index;
        session.getopts_letter = 0;
        finish("?", std::nullopt);
        return 1;
    }
    char letter = (*word)[++session.getopts_letter];
    bool last = session.getopts_letter + 1 == word->size();
    std::string rest = word->substr(session.getopts_letter + 1);
    std::size_t known = letter == ':' ? letters.npos : letters.find(letter, quiet ? 1 : 0);
    bool takes_argument =
        known != letters.npos && known + 1 < letters.size() && letters[known + 1] == ':';
    if (last || takes_argument) {
        session.getopts_letter = 0;
        ++index;
    }
    std::string option(1, letter);
    if (known == letters.npos) {
        if (!quiet) complain("getopts: unknown option -" + option);
        return finish("?", quiet ? std::optional(option) : std::nullopt) ? 0 : 1;
    }
    if (!takes_argument) return finish(option, "") ? 0 : 1;
    if (!rest.empty()) return finish(option, rest) ? 0 : 1;
    if (index <= given.size()) {
        const std::string& argument = given[index++ - 1];
        return finish(option, argument) ? 0 : 1;
    }
    if (!quiet) complain("getopts: option -" + option + " needs an argument");
    return finish(quiet ? ":" : "?", quiet ? std::optional(option) : std::nullopt) ? 0 : 1;
}

}  // namespace shell
