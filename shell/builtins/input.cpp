// SPDX-License-Identifier: MIT
// read, umask and type.
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>

#include "shell/builtins/builtin.hpp"
#include "shell/line/terminal.hpp"
#include "shell/run/output.hpp"
#include "shell/syntax/lexer.hpp"

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
    bool raw = !arguments.empty() && arguments[0] == "-r";
    if (raw) arguments = arguments.subspan(1);
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
        executor.variables().set(name, take_field(rest, separators, last));
    }
    return got ? 0 : 1;
}

int umask_builtin(Executor&, Arguments arguments) {
    if (arguments.empty()) {
        mode_t mask = umask(0);
        umask(mask);
        char digits[5] = {'0', static_cast<char>('0' + (mask >> 6 & 7)),
                          static_cast<char>('0' + (mask >> 3 & 7)),
                          static_cast<char>('0' + (mask & 7)), '\n'};
        return write_all(STDOUT_FILENO, {digits, sizeof digits}) ? 0 : 1;
    }
    const std::string& text = arguments[0];
    unsigned mask = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mask, 8);
    bool valid = error == std::errc{} && end == text.data() + text.size() && mask <= 0777;
    if (!valid || arguments.size() > 1) return usage_error("umask");
    umask(mask);
    return 0;
}

int type_builtin(Executor& executor, Arguments arguments) {
    if (arguments.empty()) return usage_error("type");
    int status = 0;
    for (const std::string& name : arguments) {
        std::string path = find_program(executor.variables(), name);
        if (executor.session().functions.contains(name)) {
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
