// SPDX-License-Identifier: MIT
// What changes the course of things: exit, return, break, continue, exec, eval, command, and `.`.
#include <unistd.h>
#include <charconv>
#include <climits>

#include "shell/builtins/builtin.hpp"
#include "shell/run/output.hpp"

namespace shell {

namespace {

std::optional<int> number(const std::string& text) {
    int value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

int leave_loops(Executor& executor, Arguments arguments, std::string_view name, Leaving how) {
    Session& session = executor.session();
    auto count = arguments.empty() ? std::optional(1) : number(arguments[0]);
    if (!count || *count < 1 || arguments.size() > 1) return usage_error(name);
    if (session.loop_depth == 0) {
        complain(std::string(name) + ": not in a loop");
        return 1;
    }
    session.leaving = how;
    session.loops_to_leave = std::min(*count, session.loop_depth);
    return 0;
}

}  // namespace

int break_builtin(Executor& executor, Arguments arguments) {
    return leave_loops(executor, arguments, "break", Leaving::break_loop);
}

int continue_builtin(Executor& executor, Arguments arguments) {
    return leave_loops(executor, arguments, "continue", Leaving::continue_loop);
}

int exit_builtin(Executor& executor, Arguments arguments) {
    Session& session = executor.session();
    auto status = arguments.empty()
                      ? std::optional(session.status_before_trap.value_or(session.last_status))
                      : number(arguments[0]);
    if (!status || arguments.size() > 1) return usage_error(executor, "exit");
    bool stopped_jobs = false;
    for (const Job& job : session.jobs.all()) stopped_jobs |= job.state() == Job::State::stopped;
    if (session.interactive && stopped_jobs && !session.warned_of_stopped) {
        complain("there are stopped jobs (`jobs` shows them); once more to leave all the same");
        session.warned_of_stopped = true;
        return 1;
    }
    session.exit_status = *status & 0xff;
    session.leaving = Leaving::exit;
    return session.exit_status;
}

int exec_builtin(Executor& executor, Arguments arguments) {
    if (arguments.empty()) return 0;
    Session& session = executor.session();
    std::vector<std::string> words(arguments.begin(), arguments.end());
    if (find_program(session.variables, words[0]).empty()) {
        complain(words[0] + ": command not found");
        return 127;
    }
    reset_signals(session);
    int status = executor.execute(words, session.variables.environment());
    // A script that asked to become a program cannot go on without; a person's shell can.
    if (session.interactive) {
        start_job_control(session);
        return status;
    }
    session.exit_status = status;
    session.leaving = Leaving::exit;
    return status;
}

int return_builtin(Executor& executor, Arguments arguments) {
    Session& session = executor.session();
    auto status = arguments.empty() ? std::optional(session.last_status) : number(arguments[0]);
    if (!status || arguments.size() > 1) return usage_error(executor, "return");
    if (session.call_depth == 0) {
        complain("return: neither in a function nor in a file read by `.`");
        return 1;
    }
    session.exit_status = *status & 0xff;
    session.leaving = Leaving::return_function;
    return session.exit_status;
}

int command_builtin(Executor& executor, Arguments arguments) {
    Session& session = executor.session();
    bool describes = false;
    bool in_words = false;
    while (!arguments.empty() && arguments[0].size() > 1 && arguments[0][0] == '-') {
        std::string option = arguments[0];
        arguments = arguments.subspan(1);
        if (option == "--") break;
        if (option.find_first_not_of("pvV", 1) != option.npos) return usage_error("command");
        describes |= option.contains('v');
        in_words |= option.contains('V');
    }
    if (arguments.empty()) return 0;
    if (in_words) return type_builtin(executor, arguments);
    if (describes) return name_command(executor, arguments[0]);
    bool before = std::exchange(session.forgiving, true);
    int status = executor.run_words({arguments.begin(), arguments.end()});
    session.forgiving = before;
    return status;
}

int eval_builtin(Executor& executor, Arguments arguments) {
    std::string text;
    for (const std::string& argument : arguments) text += argument + " ";
    return run_text(executor.session(), text, "eval");
}

int dot_builtin(Executor& executor, Arguments arguments) {
    if (arguments.size() != 1) return usage_error(executor, ".");
    Session& session = executor.session();
    // A name alone is looked for as a program is, but need not be executable.
    std::string path = arguments[0];
    if (!path.contains('/')) {
        std::string found = find_in_path(session.variables, path, R_OK);
        if (!found.empty()) path = found;
    }
    if (access(path.c_str(), R_OK) != 0)
        return executor.special_error(".: " + path + ": cannot be read");
    ++session.call_depth;
    int status = run_file(session, path);
    --session.call_depth;
    if (session.leaving != Leaving::return_function) return status;
    session.leaving = Leaving::no;
    return session.exit_status;
}

}  // namespace shell
