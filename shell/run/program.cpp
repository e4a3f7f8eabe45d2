// SPDX-License-Identifier: MIT
// Finding programs, replacing this process by one, and running scripts.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>

#include "libs/base/scope_guard.hpp"
#include "shell/run/executor.hpp"
#include "shell/run/output.hpp"
#include "shell/syntax/parser.hpp"

namespace shell {

namespace {

constexpr int status_not_found = 127;
constexpr int status_not_executable = 126;

bool is_file(const std::string& path, int access_mode) {
    struct stat status;
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
           access(path.c_str(), access_mode) == 0;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

// A file that is executable but no program: a script for this shell, if it is text.
int run_as_script(Executor& executor, const std::string& path,
                  const std::vector<std::string>& words) {
    auto text = file_contents(path);
    if (text && text->starts_with("\177ELF")) {
        complain(words[0] + ": a damaged program, or one for another machine");
        return status_not_executable;
    }
    if (!text || text->substr(0, 256).contains('\0')) {
        complain(words[0] + ": neither a program nor a script");
        return status_not_executable;
    }
    Session& session = executor.session();
    session.name = words[0];
    session.arguments.assign(words.begin() + 1, words.end());
    return run_text(session, *text, path);
}

}  // namespace

std::optional<std::string> file_contents(const std::string& path) {
    int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::nullopt;
    std::string text;
    char buffer[4096];
    ssize_t count;
    while ((count = read(file, buffer, sizeof buffer)) != 0) {
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) break;
        text.append(buffer, static_cast<std::size_t>(count));
    }
    int error = errno;
    close(file);
    errno = error;
    if (count < 0) return std::nullopt;
    return text;
}

std::string find_program(const Variables& variables, const std::string& name) {
    return name.contains('/') ? name : find_in_path(variables, name, X_OK);
}

std::string find_in_path(const Variables& variables, const std::string& name, int access_mode) {
    if (name.empty()) return {};
    std::string_view path = variables.get_or("PATH", "/bin");
    while (true) {
        std::size_t end = path.find(':');
        std::string candidate(path.substr(0, end));
        if (!candidate.empty() && !candidate.ends_with('/')) candidate += '/';
        candidate += name;
        if (is_file(candidate, access_mode)) return candidate;
        if (end == path.npos) return {};
        path.remove_prefix(end + 1);
    }
}

int Executor::execute(const std::vector<std::string>& words,
                      const std::vector<std::string>& environment) {
    std::string path = find_program(variables(), words[0]);
    if (path.empty()) {
        complain(words[0] + ": command not found");
        return status_not_found;
    }
    execve(path.c_str(), pointers(words).data(), pointers(environment).data());
    int error = errno;
    if (error == ENOEXEC) return run_as_script(*this, path, words);
    struct stat status;
    bool directory = stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    complain_errno(words[0], directory ? EISDIR : error);
    return error == ENOENT || error == ENOTDIR ? status_not_found : status_not_executable;
}

// Line by line, because what a line does may change what the next one means.
int run_text(Session& session, std::string_view text, std::string_view where) {
    Parser parser(text, 0, &session.aliases, std::exchange(session.first_line, 1));
    const std::size_t function_line = std::exchange(session.function_line, 1);
    base::ScopeGuard restore([&] { session.function_line = function_line; });
    int status = 0;
    while (session.leaving == Leaving::no) {
        auto line = parser.next_line();
        if (!line) {
            const SyntaxError& error = line.error();
            std::string place = where.empty() ? "" : std::string(where) + ":";
            place +=
                std::to_string(error.position.line) + ":" + std::to_string(error.position.column);
            return Executor(session).special_error(place + ": " + error.message);
        }
        if (!*line) break;
        if (session.options.shows_input) write_all(STDERR_FILENO, parser.line_source() + "\n");
        status = Executor(session).run(**line);
    }
    return status;
}

int run_file(Session& session, const std::string& path) {
    auto text = file_contents(path);
    if (!text) {
        complain_errno(path, errno);
        return session.last_status = status_not_found;
    }
    return run_text(session, *text, path);
}

}  // namespace shell
