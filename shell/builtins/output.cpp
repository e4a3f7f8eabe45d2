// SPDX-License-Identifier: MIT
// echo, help, true and false.
#include <unistd.h>

#include "shell/builtins/builtin.hpp"
#include "shell/expand/glob.hpp"
#include "shell/run/output.hpp"

namespace shell {

int true_builtin(Executor&, Arguments) { return 0; }
int false_builtin(Executor&, Arguments) { return 1; }

namespace {

// Adds a word of `echo` with its backslashes carried out (POSIX.1-2024, echo, XSI). False: nothing comes after it (\c).
bool add_unescaped(std::string& text, std::string_view word) {
    constexpr std::string_view letters = "abfnrtv\\";
    constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\";
    for (std::size_t at = 0; at < word.size(); ++at) {
        std::size_t known =
            word[at] == '\\' && at + 1 < word.size() ? letters.find(word[at + 1]) : letters.npos;
        if (word[at] == '\\' && word.substr(at).starts_with("\\c")) return false;
        if (known != letters.npos) {
            text += meanings[known];
            ++at;
        } else if (word.substr(at).starts_with("\\0")) {
            unsigned value = 0;
            std::size_t digits = 2;
            for (; digits < 5 && at + digits < word.size(); ++digits) {
                char c = word[at + digits];
                if (c < '0' || c > '7') break;
                value = value * 8 + static_cast<unsigned>(c - '0');
            }
            text += static_cast<char>(value);
            at += digits - 1;
        } else {
            text += word[at];
        }
    }
    return true;
}

// What is told about programs, and about other matters: a page for each, named as it is. On CLUU's disk they come from
// rootfs/ and from the programs themselves (tools/images/disk.toml).
constexpr std::string_view pages = "/usr/share/cluu/help/";
constexpr std::string_view topics = "/usr/share/cluu/help/topics/";
constexpr std::string_view images = "/var/images/";

std::string page_on(const std::string& name) {
    for (std::string_view folder : {pages, topics}) {
        if (auto text = file_contents(std::string(folder) + name)) return *text;
    }
    return {};
}

int show_help_on(const std::string& name) {
    const Builtin* builtin = find_builtin(name);
    const bool plain = name.find('/') == name.npos;
    std::string text;
    if (builtin != nullptr)
        text = std::string(builtin->usage) + "\n    " + std::string(builtin->help) + "\n";
    if (plain && (builtin == nullptr || builtin->run == nullptr)) text += page_on(name);
    if (text.empty()) {
        complain("help: " + name +
                 " is not a command of the shell itself, and there is no page on it");
        return 1;
    }
    if (plain && file_contents(std::string(images) + name + "/Cluufile"))
        text += "\nWhat it may do, as a program: container explain " + name + "\n";
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

// One line, if there are any.
std::string topics_there() {
    std::string text;
    for (const std::string& page : glob(std::string(topics) + "*"))
        text += " " + page.substr(topics.size());
    return text.empty() ? text
                        : "\n  help NAME also tells about each program, and about:" + text + "\n";
}

}  // namespace

int echo_builtin(Executor&, Arguments arguments) {
    bool newline = arguments.empty() || arguments[0] != "-n";
    if (!newline) arguments = arguments.subspan(1);
    std::string text;
    for (const std::string& argument : arguments) {
        if (&argument != arguments.data()) text += ' ';
        if (!add_unescaped(text, argument)) return write_all(STDOUT_FILENO, text) ? 0 : 1;
    }
    if (newline) text += '\n';
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

int help_builtin(Executor&, Arguments arguments) {
    if (arguments.size() == 1) return show_help_on(arguments[0]);
    constexpr std::size_t usage_width = 30;
    std::string text =
        "The shell itself can do this; all else is a program, in a container of its own.\n\n";
    for (const Builtin& builtin : builtins()) {
        std::string line = "  " + std::string(builtin.usage);
        line.append(line.size() < usage_width ? usage_width - line.size() : 1, ' ');
        text += line + std::string(builtin.help) + "\n";
    }
    text += topics_there();
    text +=
        "\n  a | b    a && b    a || b    a ; b    a &    ! a    ( a )    { a; }    $(a)\n"
        "  < file    > file    >> file    2> file    2>&1    *  ?  [a-z]    ~    $NAME  ${NAME}\n"
        "  if a; then b; else c; fi    while a; do b; done    for x in 1 2; do b; done\n"
        "\n  Ctrl-C ends what runs, Ctrl-Z stops it (fg and bg let it go on), Ctrl-D leaves.\n"
        "  Up and Down: earlier lines. Ctrl-A, E: ends of the line. Ctrl-K, U, W: cut. Ctrl-Y: "
        "paste.\n";
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

}  // namespace shell
