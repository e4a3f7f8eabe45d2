// SPDX-License-Identifier: MIT
#include "shell/run/prompt.hpp"

#include <unistd.h>

#include "shell/run/executor.hpp"
#include "shell/syntax/lexer.hpp"

namespace shell {

namespace {

std::string host_name() {
    char name[65] = {};
    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "cluu";
    return name;
}

// With the home directory as ~.
std::string shown_directory(const Session& session) {
    char buffer[4096];
    std::string directory = getcwd(buffer, sizeof buffer) != nullptr ? buffer : "?";
    std::string home(session.variables.get_or("HOME", ""));
    bool at_home = home.size() > 1 && directory.starts_with(home) &&
                   (directory.size() == home.size() || directory[home.size()] == '/');
    if (at_home) directory.replace(0, home.size(), "~");
    return directory;
}

std::string last_name(const std::string& directory) {
    std::size_t slash = directory.rfind('/');
    return slash == std::string::npos || directory.size() == 1 ? directory
                                                               : directory.substr(slash + 1);
}

std::string escape(const Session& session, char letter) {
    switch (letter) {
        case 'u': return std::string(session.variables.get_or("USER", "?"));
        case 'h': return host_name();
        case 'w': return shown_directory(session);
        case 'W': return last_name(shown_directory(session));
        case '$': return geteuid() == 0 ? "#" : "\\$";  // the expansion takes the backslash off
        case 'n': return "\n";
        case 'e': return "\x1b";
        case '[':
        case ']': return "";
        default:  return std::string("\\") + letter;
    }
}

std::string expanded(Session& session, std::string_view text) {
    std::string with_escapes;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\\' || at + 1 == text.size()) {
            with_escapes += text[at];
        } else {
            with_escapes += escape(session, text[++at]);
        }
    }
    auto word = Lexer(with_escapes).document_text();
    if (!word) return with_escapes;
    Executor executor(session);
    return Expander(executor).text(*word).value_or(with_escapes);
}

}  // namespace

std::string prompt(Session& session) {
    if (auto wanted = session.variables.get("PS1")) return expanded(session, std::string(*wanted));
    bool plain = session.variables.get_or("TERM", "dumb") == "dumb";
    return expanded(session,
                    plain ? "\\u@\\h:\\w$ " : "\\e[1;32m\\u@\\h\\e[0m:\\e[1;34m\\w\\e[0m$ ");
}

std::string continuation_prompt(Session& session) {
    return expanded(session, std::string(session.variables.get_or("PS2", "> ")));
}

}  // namespace shell
