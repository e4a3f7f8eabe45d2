// SPDX-License-Identifier: MIT
// The shell: a POSIX program that a person works with, and that carries out scripts.
//
//   shell                       a person's shell, or commands from standard input
//   shell -c COMMANDS [NAME [ARG...]]
//   shell FILE [ARG...]
//   shell -l                    a login shell (also when its name begins with `-`): reads
//   /etc/profile first
#include <unistd.h>

#include "shell/builtins/builtin.hpp"
#include "shell/line/terminal.hpp"
#include "shell/run/output.hpp"
#include "shell/run/session.hpp"
#include "shell/syntax/parser.hpp"

namespace shell {

namespace {

constexpr const char* profile = "/etc/profile";
constexpr std::string_view usage =
    "usage: shell [-l] [-c COMMANDS [NAME [ARG...]] | FILE [ARG...]]\n";

// Where the shell is, for programs that trust PWD.
void export_directory(Session& session) {
    char buffer[4096];
    if (getcwd(buffer, sizeof buffer) != nullptr) session.variables.set("PWD", buffer);
    session.variables.export_variable("PWD");
}

std::string host_name() {
    char name[65] = {};
    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "cluu";
    return name;
}

// admin@cluu:/tmp$, with the home directory as ~.
std::string prompt(const Session& session) {
    std::string user(session.variables.get_or("USER", "?"));
    char buffer[4096];
    std::string directory = getcwd(buffer, sizeof buffer) != nullptr ? buffer : "?";
    std::string home(session.variables.get_or("HOME", ""));
    bool at_home = home.size() > 1 && directory.starts_with(home) &&
                   (directory.size() == home.size() || directory[home.size()] == '/');
    if (at_home) directory.replace(0, home.size(), "~");
    bool plain = session.variables.get_or("TERM", "dumb") == "dumb";
    if (plain) return user + "@" + host_name() + ":" + directory + "$ ";
    return "\x1b[1;32m" + user + "@" + host_name() + "\x1b[0m:\x1b[1;34m" + directory + "\x1b[0m$ ";
}

class Interaction {
public:
    explicit Interaction(Session& session)
        : session_(session), completer_(session.variables), editor_(session.history, &completer_) {}

    int run() {
        while (session_.leaving != Leaving::exit) {
            report_jobs(session_);
            round();
        }
        hang_up_jobs(session_);
        return session_.exit_status;
    }

private:
    ReadOutcome read(std::string text, std::string& line) {
        if (session_.variables.get_or("TERM", "dumb") != "dumb")
            return read_line(editor_, std::move(text), line);
        write_all(STDOUT_FILENO, text);
        if (read_plain_line(STDIN_FILENO, line) != PlainLine::none) return ReadOutcome::line;
        return interrupt_pending ? ReadOutcome::interrupted : ReadOutcome::end_of_input;
    }

    // One complete command: as many lines as it needs.
    void round() {
        std::string text;
        std::string line;
        std::string shown = prompt(session_);
        // From here on: a Ctrl-C or Ctrl-Z that comes after the line has been entered is for what it starts.
        interrupt_pending = 0;
        stop_pending = 0;
        while (true) {
            ReadOutcome outcome = read(shown, line);
            if (outcome == ReadOutcome::interrupted) {
                session_.last_status = 128 + SIGINT;
                return;
            }
            if (outcome == ReadOutcome::end_of_input) return end_of_input(text);
            session_.history.add(line);
            text += line + "\n";
            auto parsed = Parser(text).program();
            if (!parsed && parsed.error().incomplete) {
                shown = "> ";
                continue;
            }
            return carry_out(text);
        }
    }

    void end_of_input(const std::string& text) {
        if (!text.empty()) {
            carry_out(text);
            return;
        }
        Executor executor(session_);
        exit_builtin(executor, {});
    }

    void carry_out(const std::string& text) {
        bool warned = session_.warned_of_stopped;
        session_.last_status = run_text(session_, text, "");
        // The warning of stopped jobs holds for the very next command only.
        if (warned) session_.warned_of_stopped = false;
        if (session_.leaving != Leaving::exit) session_.leaving = Leaving::no;
        session_.loop_depth = 0;
    }

    Session& session_;
    ShellCompleter completer_;
    LineEditor editor_;
};

// Commands from a pipe or a file: each is carried out before the next is read, which may be its
// input.
int run_input(Session& session) {
    std::string text;
    std::string line;
    while (session.leaving == Leaving::no &&
           read_plain_line(STDIN_FILENO, line) != PlainLine::none) {
        text += line + "\n";
        auto parsed = Parser(text).program();
        if (!parsed && parsed.error().incomplete) continue;
        session.last_status = run_text(session, text, "");
        text.clear();
    }
    if (!text.empty()) session.last_status = run_text(session, text, "");
    return session.last_status;
}

int run_person(Session& session) {
    session.interactive = true;
    start_job_control(session);
    std::string home(session.variables.get_or("HOME", ""));
    if (!home.empty()) session.history.open(home + "/.history");
    return Interaction(session).run();
}

int start(Session& session, int count, char** words) {
    int next = 1;
    if (next < count && std::string_view(words[next]) == "-l") session.login = true, ++next;
    bool commands = next < count && std::string_view(words[next]) == "-c";
    if (commands) ++next;
    bool unknown_option =
        !commands && next < count && words[next][0] == '-' && words[next][1] != '\0';
    if (unknown_option || (commands && next >= count)) {
        write_all(STDERR_FILENO, usage);
        return 2;
    }
    const char* what = next < count ? words[next++] : nullptr;
    if (what != nullptr && !commands) session.name = what;
    if (commands && next < count) session.name = words[next++];
    session.arguments.assign(words + next, words + count);
    if (session.login && access(profile, R_OK) == 0) run_file(session, profile);

    int status = 0;
    if (session.leaving == Leaving::exit) {
        status = session.exit_status;
    } else if (commands) {
        status = run_text(session, what, "");
    } else if (what != nullptr) {
        status = run_file(session, what);
    } else if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) {
        status = run_person(session);
    } else {
        status = run_input(session);
    }
    return session.leaving == Leaving::exit ? session.exit_status : status;
}

}  // namespace

}  // namespace shell

int main(int count, char** words, char** environment) {
    shell::Session session;
    session.pid = getpid();
    session.variables.import(environment);
    shell::export_directory(session);
    session.login = count > 0 && words[0][0] == '-';
    return shell::start(session, count, words);
}
