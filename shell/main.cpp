// SPDX-License-Identifier: MIT
// The shell: a POSIX program that a person works with, and that carries out scripts.
//
//   shell                       a person's shell, or commands from standard input
//   shell -c COMMANDS [NAME [ARG...]]
//   shell FILE [ARG...]
//   shell -l                    a login shell (also when its name begins with `-`): reads /etc/profile and ~/.profile first
//   shell -e -u -x ...          with what `set` can switch on; -s: commands from standard input, -i: as if a person typed them
#include <unistd.h>

#include "shell/builtins/builtin.hpp"
#include "shell/line/terminal.hpp"
#include "shell/run/output.hpp"
#include "shell/run/prompt.hpp"
#include "shell/run/session.hpp"
#include "shell/syntax/parser.hpp"

namespace shell {

namespace {

constexpr const char* profile = "/etc/profile";
constexpr std::string_view usage =
    "usage: shell [-aCefilmnsuvx] [-o OPTION] [-c COMMANDS [NAME [ARG...]] | FILE [ARG...]]\n";

// Where the shell is, for programs that trust PWD.
void export_directory(Session& session) {
    char buffer[4096];
    if (getcwd(buffer, sizeof buffer) != nullptr) session.variables.set("PWD", buffer);
    session.variables.export_variable("PWD");
}

class Interaction {
public:
    explicit Interaction(Session& session)
        : session_(session),
          completer_(session.variables, session.jobs),
          editor_(session.history, &completer_) {}

    int run() {
        while (session_.leaving != Leaving::exit) {
            report_jobs(session_);
            if (Traps::any_pending()) run_traps(session_);
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
            auto parsed = Parser(text, 0, &session_.aliases).program();
            if (!parsed && parsed.error().incomplete) {
                shown = continuation_prompt(session_);
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
    std::size_t lines = 0;
    std::size_t first = 1;
    const auto carry_out = [&] {
        session.first_line = std::exchange(first, lines + 1);
        session.last_status = run_text(session, text, "");
        text.clear();
    };
    while (session.leaving == Leaving::no &&
           read_plain_line(STDIN_FILENO, line) != PlainLine::none) {
        text += line + "\n";
        ++lines;
        auto parsed = Parser(text, 0, &session.aliases).program();
        if (parsed || !parsed.error().incomplete) carry_out();
    }
    if (!text.empty()) carry_out();
    return session.last_status;
}

int run_person(Session& session) {
    session.interactive = true;
    start_job_control(session);
    std::string home(session.variables.get_or("HOME", ""));
    if (!home.empty()) session.history.open(home + "/.history");
    if (auto file = session.variables.get("ENV"); file && !file->empty())
        run_file(session, std::string(*file));
    return Interaction(session).run();
}

struct Start {
    bool commands = false;  // -c
    bool input = false;     // -s
    bool person = false;    // -i
    int next = 1;           // the first word that is no option
};

// Nothing: one that there is not.
std::optional<Start> read_options(Session& session, int count, char** words) {
    Start result;
    while (result.next < count) {
        std::string_view word = words[result.next];
        if (word.size() < 2 || (word[0] != '-' && word[0] != '+')) break;
        ++result.next;
        if (word == "--") break;
        for (char letter : word.substr(1)) {
            const OptionName* option = find_option(letter);
            if (letter == 'o' && result.next < count)
                option = find_option(std::string_view(words[result.next++]));
            if (option != nullptr) {
                session.options.*option->field = word[0] == '-';
            } else if (letter == 'c' || letter == 's' || letter == 'i' || letter == 'l') {
                result.commands |= letter == 'c';
                result.input |= letter == 's';
                result.person |= letter == 'i';
                session.login |= letter == 'l';
            } else {
                return std::nullopt;
            }
        }
    }
    return result;
}

void read_profiles(Session& session) {
    std::string home(session.variables.get_or("HOME", ""));
    for (const std::string& file : {std::string(profile), home + "/.profile"}) {
        if (session.leaving == Leaving::no && access(file.c_str(), R_OK) == 0)
            run_file(session, file);
    }
}

int start(Session& session, int count, char** words) {
    auto options = read_options(session, count, words);
    if (!options || (options->commands && options->next >= count)) {
        write_all(STDERR_FILENO, usage);
        return 2;
    }
    session.variables.export_all(session.options.export_all);
    // A person's shell has it anyway, once it knows its terminal.
    bool wants_job_control = std::exchange(session.options.monitor, false);
    int next = options->next;
    const char* what = next < count && !options->input ? words[next++] : nullptr;
    if (what != nullptr && !options->commands) session.name = what;
    if (options->commands && next < count) session.name = words[next++];
    session.arguments.assign(words + next, words + count);
    if (session.login) read_profiles(session);

    int status = 0;
    bool terminal = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
    bool is_person = (terminal || options->person) && what == nullptr;
    if (wants_job_control && !is_person) start_job_control(session);
    if (session.leaving == Leaving::exit) {
        status = session.exit_status;
    } else if (options->commands) {
        status = run_text(session, what, "");
    } else if (what != nullptr) {
        status = run_file(session, what);
    } else if (is_person) {
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
    session.variables.set("PPID", std::to_string(getppid()));
    session.variables.set("OPTIND", "1");
    shell::export_directory(session);
    session.login = count > 0 && words[0][0] == '-';
    return shell::run_exit_trap(session, shell::start(session, count, words));
}
