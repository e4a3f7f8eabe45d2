// SPDX-License-Identifier: MIT
// read, type and hash, and what `command -v` shows.
#include <unistd.h>

#include "shell/builtins/builtin.hpp"
#include "shell/builtins/quoting.hpp"
#include "shell/line/terminal.hpp"
#include "shell/run/output.hpp"
#include "shell/syntax/parser.hpp"

namespace shell {

namespace {

bool is_blank_separator(char c) { return c == ' ' || c == '\t' || c == '\n'; }

// A character of the line, and whether a backslash stood before it.
struct Read {
    char c;
    bool quoted;
};

// A line with its backslashes taken off; one at the end of a line joins the next. False if the input ends before the line.
bool read_characters(bool raw, std::vector<Read>& result) {
    std::string line;
    while (true) {
        PlainLine outcome = read_plain_line(STDIN_FILENO, line);
        if (outcome == PlainLine::none) return false;
        bool joined = false;
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (raw || line[i] != '\\') {
                result.push_back({line[i], false});
            } else if (i + 1 < line.size()) {
                result.push_back({line[++i], true});
            } else {
                joined = true;
            }
        }
        if (!joined) return outcome == PlainLine::whole;
    }
}

// Takes one field off the front, with the separators after it. The last field takes all that is left.
std::string take_field(std::span<const Read>& rest, std::string_view separators, bool last) {
    auto separates = [&](const Read& one) { return !one.quoted && separators.contains(one.c); };
    auto is_blank = [&](const Read& one) { return separates(one) && is_blank_separator(one.c); };
    while (!rest.empty() && is_blank(rest.front())) rest = rest.subspan(1);
    std::string field;
    if (last) {
        while (!rest.empty() && is_blank(rest.back())) rest = rest.first(rest.size() - 1);
        for (const Read& one : rest) field += one.c;
        rest = {};
        return field;
    }
    for (; !rest.empty() && !separates(rest.front()); rest = rest.subspan(1))
        field += rest.front().c;
    while (!rest.empty() && is_blank(rest.front())) rest = rest.subspan(1);
    bool other = !rest.empty() && separates(rest.front());
    if (other) rest = rest.subspan(1);
    return field;
}

}  // namespace

int read_builtin(Executor& executor, Arguments arguments) {
    bool raw = false;
    while (!arguments.empty() && arguments[0].starts_with('-')) {
        if (arguments[0] == "-r") {
            raw = true;
        } else if (arguments[0] == "-p" && arguments.size() > 1) {
            arguments = arguments.subspan(1);
            if (isatty(STDIN_FILENO)) write_all(STDERR_FILENO, arguments[0]);
        } else {
            return usage_error("read");
        }
        arguments = arguments.subspan(1);
    }
    for (const std::string& name : arguments) {
        if (!is_name(name)) return usage_error("read");
    }
    if (arguments.empty()) return usage_error("read");
    std::vector<Read> characters;
    bool got = read_characters(raw, characters);
    std::span<const Read> rest = characters;
    std::string separators(executor.variables().get_or("IFS", " \t\n"));
    for (const std::string& name : arguments) {
        bool last = &name == &arguments.back();
        if (executor.variables().set(name, take_field(rest, separators, last))) continue;
        complain("read: " + read_only(name));
        return 2;
    }
    return got ? 0 : 1;
}

// What stands for the name, in a form that can be used as a command; 127 if nothing does.
int name_command(Executor& executor, const std::string& name) {
    const Aliases& aliases = executor.session().aliases;
    auto alias = aliases.find(name);
    std::string path = find_program(executor.variables(), name);
    std::string text;
    if (alias != aliases.end()) {
        text = "alias " + name + "=" + quoted(alias->second);
    } else if (executor.session().functions.contains(name) || find_builtin(name) != nullptr ||
               is_reserved(name)) {
        text = name;
    } else if (!path.empty() && access(path.c_str(), X_OK) == 0) {
        text = path;
    } else {
        return 127;
    }
    return write_all(STDOUT_FILENO, text + "\n") ? 0 : 1;
}

// Programs are looked for anew each time, so there is nothing to forget.
int hash_builtin(Executor& executor, Arguments arguments) {
    if (!arguments.empty() && arguments[0] == "-r") arguments = arguments.subspan(1);
    int status = 0;
    for (const std::string& name : arguments) {
        if (!find_program(executor.variables(), name).empty()) continue;
        complain("hash: " + name + ": not found");
        status = 1;
    }
    return status;
}

int type_builtin(Executor& executor, Arguments arguments) {
    if (arguments.empty()) return usage_error("type");
    int status = 0;
    for (const std::string& name : arguments) {
        std::string path = find_program(executor.variables(), name);
        auto alias = executor.session().aliases.find(name);
        if (alias != executor.session().aliases.end()) {
            write_all(STDOUT_FILENO, name + " is an alias for " + alias->second + "\n");
        } else if (is_reserved(name)) {
            write_all(STDOUT_FILENO, name + " is a word of the shell's language\n");
        } else if (executor.session().functions.contains(name)) {
            write_all(STDOUT_FILENO, name + " is a function\n");
        } else if (find_builtin(name) != nullptr) {
            write_all(STDOUT_FILENO, name + " is a command of the shell itself\n");
        } else if (!path.empty() && access(path.c_str(), X_OK) == 0) {
            write_all(STDOUT_FILENO, name + " is " + path + "\n");
        } else {
            complain("type: " + name + ": not found");
            status = 1;
        }
    }
    return status;
}

}  // namespace shell
