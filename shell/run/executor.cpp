// SPDX-License-Identifier: MIT
#include "shell/run/executor.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <ranges>

#include "libs/base/result.hpp"
#include "libs/base/scope_guard.hpp"
#include "shell/builtins/builtin.hpp"
#include "shell/expand/pattern.hpp"
#include "shell/run/output.hpp"
#include "shell/syntax/lexer.hpp"

namespace shell {

namespace {

constexpr int status_usage = 2;
// Each call needs some of the machine's stack.
constexpr int max_call_depth = 500;

void move_descriptor(int from, int to) {
    if (from == to) return;
    dup2(from, to);
    close(from);
}

}  // namespace

int Executor::fail(const std::string& message) {
    complain(message);
    return 1;
}

// After a mistake in an expansion a script cannot go on with whatever the words were meant to be.
int Executor::fail_expansion(const std::string& message) {
    complain(message);
    if (!session_.interactive) {
        session_.leaving = Leaving::exit;
        session_.exit_status = status_usage;
    }
    return status_usage;
}

std::optional<std::string> Executor::special(char name) {
    switch (name) {
        case '?': return std::to_string(session_.last_status);
        case '$': return std::to_string(session_.pid);
        case '-': return option_letters(session_.options) + (session_.interactive ? "i" : "");
        case '!':
            if (session_.last_background) return std::to_string(*session_.last_background);
            return std::nullopt;
        default: return std::nullopt;
    }
}

int Executor::run(const List& list) {
    int status = 0;
    for (const AndOr& item : list.items) {
        if (session_.options.no_execution && !session_.interactive) break;
        status = run(item);
        session_.last_status = status;
        if (Traps::any_pending()) run_traps(session_);
        if (interrupt_pending && session_.leaving == Leaving::no) {
            session_.leaving = Leaving::interrupted;
            status = 128 + SIGINT;
        }
        if (session_.leaving != Leaving::no) break;
    }
    return status;
}

int Executor::run_condition(const List& list) {
    ++session_.watched;
    int status = run(list);
    --session_.watched;
    return status;
}

void run_traps(Session& session) {
    while (auto action = session.traps.take_pending()) {
        if (session.leaving != Leaving::no) return;
        int status = session.last_status;
        auto before = std::exchange(session.status_before_trap, status);
        run_text(session, *action, "trap");
        session.status_before_trap = before;
        session.last_status = status;
    }
}

int run_exit_trap(Session& session, int status) {
    auto action = session.traps.take_exit();
    if (!action) return status;
    session.leaving = Leaving::no;
    session.last_status = status;
    session.status_before_trap = status;
    run_text(session, *action, "trap");
    return session.leaving == Leaving::exit ? session.exit_status : status;
}

void Executor::leave_on_error(int status) {
    if (status == 0 || !session_.options.exit_on_error || session_.watched > 0) return;
    if (session_.leaving != Leaving::no) return;
    session_.leaving = Leaving::exit;
    session_.exit_status = status;
}

int Executor::special_error(const std::string& message) {
    complain(message);
    if (!session_.interactive && !session_.forgiving) {
        session_.leaving = Leaving::exit;
        session_.exit_status = status_usage;
    }
    return status_usage;
}

Redirector Executor::redirector(Redirector::Undo undo) const {
    return Redirector(undo, session_.options.keeps_files);
}

int Executor::run(const AndOr& and_or) {
    if (and_or.background) {
        if (and_or.pipelines.size() == 1 && !and_or.pipelines[0].second.negated) {
            return finish(start_pipeline(and_or.pipelines[0].second, false), true);
        }
        Job job{.source = and_or.source};
        AndOr in_front = and_or;
        in_front.background = false;
        start(job, false, [&] { return run(in_front); });
        return finish(std::move(job), true);
    }
    int status = 0;
    for (const auto& [link, pipeline] : and_or.pipelines) {
        if (link == AndOr::Link::if_success && status != 0) continue;
        if (link == AndOr::Link::if_failure && status == 0) continue;
        bool watched = &pipeline != &and_or.pipelines.back().second;
        session_.watched += watched ? 1 : 0;
        status = run(pipeline);
        session_.watched -= watched ? 1 : 0;
        session_.last_status = status;
        if (session_.leaving != Leaving::no) break;
    }
    return status;
}

int Executor::run(const Pipeline& pipeline) {
    session_.watched += pipeline.negated ? 1 : 0;
    int status = 0;
    if (pipeline.commands.size() == 1) {
        status = run_single(pipeline.commands[0], pipeline.source);
        variables().set("PIPESTATUS", std::to_string(status));
    } else {
        status = finish(start_pipeline(pipeline, true), false);
        leave_on_error(status);
    }
    session_.watched -= pipeline.negated ? 1 : 0;
    if (!pipeline.negated || session_.leaving != Leaving::no) return status;
    return status == 0 ? 1 : 0;
}

void Executor::note_line(const Command& command) {
    const std::size_t first = std::min(session_.function_line, command.line);
    variables().set_line(command.line - first + 1);
}

int Executor::run_single(const Command& command, const std::string& source) {
    note_line(command);
    if (auto* simple = std::get_if<SimpleCommand>(&command.what)) {
        int status = run_simple(*simple, command.redirections, source);
        leave_on_error(status);
        return status;
    }
    auto* group = std::get_if<Group>(&command.what);
    if (group != nullptr && group->subshell) {
        Job job{.source = source};
        start(job, true, [&] { return in_child(command); });
        int status = finish(std::move(job), false);
        leave_on_error(status);
        return status;
    }
    Redirector redirected = redirector(Redirector::Undo::yes);
    auto done = redirected.apply(command.redirections, expander_);
    return done ? run_compound(command) : fail(done.error());
}

Expanded<Executor::Simple> Executor::expand(const SimpleCommand& command) {
    Simple simple;
    simple.words = TRY(expander_.fields(command.words));
    std::vector<std::pair<std::string, std::optional<Variables::Variable>>> before;
    base::ScopeGuard restore([&] {
        for (auto& [name, variable] : before | std::views::reverse)
            variables().restore(name, std::move(variable));
    });
    for (const Assignment& assignment : command.assignments) {
        simple.assignments.emplace_back(assignment.name, TRY(expander_.text(assignment.value)));
        // Later ones may use earlier ones. With a command they are for that alone.
        if (!simple.words.empty())
            before.emplace_back(assignment.name, variables().saved(assignment.name));
        if (!variables().set(assignment.name, simple.assignments.back().second))
            return std::unexpected(read_only(assignment.name));
    }
    if (session_.options.shows_commands) show(simple);
    return simple;
}

int Executor::run_simple(const SimpleCommand& command, const std::vector<Redirection>& redirections,
                         const std::string& source) {
    session_.substitution_status = 0;
    auto simple = expand(command);
    if (!simple) return fail_expansion(simple.error());
    bool background = false;
    if (!simple->words.empty()) {
        auto function = session_.functions.find(simple->words[0]);
        if (function != session_.functions.end()) {
            // The function may define itself anew while it runs.
            std::shared_ptr<const Command> kept = function->second;
            return run_function(*kept, *simple, redirections);
        }
        const Builtin* builtin = find_builtin(simple->words[0]);
        if (builtin != nullptr && builtin->program != nullptr) {
            simple->words = builtin->program(Arguments(simple->words).subspan(1));
            background = builtin->background;
            if (simple->words.empty()) return usage_error(builtin->name);
        } else if (builtin != nullptr) {
            return run_here(*simple, redirections);
        }
    }
    if (simple->words.empty()) return run_here(*simple, redirections);
    Job job{.source = source};
    start(job, !background, [&] { return external_in_child(*simple, redirections); });
    return finish(std::move(job), background);
}

int Executor::run_words(std::vector<std::string> words) {
    const Builtin* builtin = find_builtin(words[0]);
    if (builtin != nullptr && builtin->program == nullptr)
        return builtin->run(*this, Arguments(words).subspan(1));
    std::string source = words[0];
    Simple simple{.words = std::move(words)};
    Job job{.source = source};
    start(job, true, [&] { return external_in_child(simple, {}); });
    return finish(std::move(job), false);
}

// What `set -x` shows.
void Executor::show(const Simple& simple) {
    bool was_on = std::exchange(session_.options.shows_commands, false);
    std::string line(variables().get_or("PS4", "+ "));
    if (auto parsed = Lexer(line).document_text()) line = expander_.text(*parsed).value_or(line);
    session_.options.shows_commands = was_on;
    std::string separator;
    for (const auto& [name, value] : simple.assignments)
        line += std::exchange(separator, " ") + name + "=" + value;
    for (const std::string& word : simple.words) line += std::exchange(separator, " ") + word;
    write_all(STDERR_FILENO, line + "\n");
}

// In the shell itself: a builtin, or nothing but redirections and assignments.
int Executor::run_here(const Simple& simple, const std::vector<Redirection>& redirections) {
    Redirector redirected = redirector(Redirector::Undo::yes);
    auto done = redirected.apply(redirections, expander_);
    const Builtin* builtin = simple.words.empty() ? nullptr : find_builtin(simple.words[0]);
    bool special = builtin != nullptr && is_special(*builtin);
    if (!done) return special ? special_error(done.error()) : fail(done.error());
    if (builtin == nullptr) return session_.substitution_status;
    std::vector<std::pair<std::string, std::optional<Variables::Variable>>> before;
    for (const auto& [name, value] : simple.assignments) {
        before.emplace_back(name, variables().saved(name));
        if (!variables().set(name, value)) return fail_expansion(read_only(name));
    }
    int status = builtin->run(*this, Arguments(simple.words).subspan(1));
    // What is assigned before a special builtin stays (POSIX.1-2024, 2.14).
    if (!special) {
        for (auto& [name, variable] : before) variables().restore(name, std::move(variable));
    }
    bool is_bare_exec = builtin->name == "exec" && status == 0;
    if (is_bare_exec) redirected.keep();
    return status;
}

int Executor::run_compound(const Command& command) {
    if (auto* group = std::get_if<Group>(&command.what)) return run(*group->body);
    if (auto* conditional = std::get_if<IfCommand>(&command.what)) return run_if(*conditional);
    if (auto* loop = std::get_if<WhileCommand>(&command.what)) return run_while(*loop);
    if (auto* choice = std::get_if<CaseCommand>(&command.what)) return run_case(*choice);
    if (auto* definition = std::get_if<FunctionDefinition>(&command.what)) {
        session_.functions[definition->name] = definition->body;
        return 0;
    }
    return run_for(std::get<ForCommand>(command.what));
}

int Executor::run_case(const CaseCommand& command) {
    auto subject = expander_.text(command.subject);
    if (!subject) return fail_expansion(subject.error());
    for (const CaseCommand::Item& item : command.items) {
        for (const Word& word : item.patterns) {
            auto pattern = expander_.pattern(word);
            if (!pattern) return fail_expansion(pattern.error());
            if (matches(*pattern, *subject)) return run(*item.body);
        }
    }
    return 0;
}

int Executor::run_function(const Command& body, const Simple& simple,
                           const std::vector<Redirection>& redirections) {
    if (session_.call_depth >= max_call_depth)
        return fail(simple.words[0] + ": calls itself too often");
    Redirector redirected = redirector(Redirector::Undo::yes);
    auto done = redirected.apply(redirections, expander_);
    if (!done) return fail(done.error());
    for (const auto& [name, value] : simple.assignments) {
        if (!variables().set(name, value)) return fail_expansion(read_only(name));
    }
    std::vector<std::string> arguments(simple.words.begin() + 1, simple.words.end());
    std::swap(session_.arguments, arguments);
    int loops = std::exchange(session_.loop_depth, 0);
    std::size_t line = std::exchange(session_.function_line, body.line);
    ++session_.call_depth;
    session_.locals.emplace_back();
    int status = run_single(body, simple.words[0]);
    for (auto& [name, before] : session_.locals.back())
        variables().restore(name, std::move(before));
    session_.locals.pop_back();
    --session_.call_depth;
    session_.function_line = line;
    session_.loop_depth = loops;
    std::swap(session_.arguments, arguments);
    if (session_.leaving != Leaving::return_function) return status;
    session_.leaving = Leaving::no;
    return session_.exit_status;
}

int Executor::run_if(const IfCommand& command) {
    for (const IfCommand::Branch& branch : command.branches) {
        int condition = run_condition(*branch.condition);
        if (session_.leaving != Leaving::no) return condition;
        if (condition == 0) return run(*branch.body);
    }
    return command.otherwise ? run(*command.otherwise) : 0;
}

// After a round of a loop: whether to leave it.
bool Executor::leave_loop() {
    bool is_loop_control =
        session_.leaving == Leaving::break_loop || session_.leaving == Leaving::continue_loop;
    if (!is_loop_control) return session_.leaving != Leaving::no;
    if (--session_.loops_to_leave > 0) return true;
    bool leave = session_.leaving == Leaving::break_loop;
    session_.leaving = Leaving::no;
    return leave;
}

int Executor::run_while(const WhileCommand& command) {
    int status = 0;
    ++session_.loop_depth;
    while (true) {
        int condition = run_condition(*command.condition);
        if (session_.leaving != Leaving::no) {
            if (leave_loop()) break;
            continue;
        }
        if ((condition == 0) == command.until) break;
        status = run(*command.body);
        if (leave_loop()) break;
    }
    --session_.loop_depth;
    return status;
}

int Executor::run_for(const ForCommand& command) {
    std::vector<std::string> values = session_.arguments;
    if (!command.over_arguments) {
        auto words = expander_.fields(command.words);
        if (!words) return fail_expansion(words.error());
        values = std::move(*words);
    }
    int status = 0;
    ++session_.loop_depth;
    for (const std::string& value : values) {
        if (!variables().set(command.name, value)) {
            status = fail_expansion(read_only(command.name));
            break;
        }
        status = run(*command.body);
        if (leave_loop()) break;
    }
    --session_.loop_depth;
    return status;
}

template <class Work>
bool Executor::start(Job& job, bool foreground, Work work) {
    // A signal that comes for the child before it handles signals like a program waits until it does.
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    pid_t child = fork();
    if (child == 0) {
        prepare_child(job, foreground);
        sigprocmask(SIG_SETMASK, &before, nullptr);
        int status = work();
        if (session_.leaving == Leaving::exit) status = session_.exit_status;
        _exit(run_exit_trap(session_, status));
    }
    int error = errno;
    if (child > 0 && session_.job_control) {
        if (job.group == 0) job.group = child;
        setpgid(child, job.group);
        if (foreground && session_.terminal >= 0) {
            foreground_group = job.group;
            tcsetpgrp(session_.terminal, job.group);
        }
    }
    sigprocmask(SIG_SETMASK, &before, nullptr);
    if (child < 0) {
        complain_errno("cannot start another process", error);
        return false;
    }
    job.processes.push_back({.pid = child});
    return true;
}

void Executor::prepare_child(const Job& job, bool foreground) {
    bool job_control = session_.job_control;
    if (job_control) {
        pid_t group = job.group != 0 ? job.group : getpid();
        setpgid(0, group);
        if (foreground && session_.terminal >= 0) tcsetpgrp(session_.terminal, group);
    }
    reset_signals(session_);
    session_.enter_subshell();
    if (interrupt_pending && foreground) raise(SIGINT);
    if (stop_pending && foreground && job_control) raise(SIGTSTP);
    if (!foreground && !job_control) {
        // Ctrl-C is for what is in the foreground.
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
        int nothing = open("/dev/null", O_RDONLY);
        if (nothing >= 0) move_descriptor(nothing, STDIN_FILENO);
    }
}

Job Executor::start_pipeline(const Pipeline& pipeline, bool foreground) {
    Job job{.source = pipeline.source};
    int input = -1;
    for (const Command& command : pipeline.commands) {
        bool last = &command == &pipeline.commands.back();
        int ends[2] = {-1, -1};
        if (!last && pipe2(ends, O_CLOEXEC) != 0) {
            complain_errno("cannot make a pipe", errno);
            break;
        }
        bool started = start(job, foreground, [&] {
            if (input >= 0) move_descriptor(input, STDIN_FILENO);
            if (ends[0] >= 0) close(ends[0]);
            if (ends[1] >= 0) move_descriptor(ends[1], STDOUT_FILENO);
            return in_child(command);
        });
        if (input >= 0) close(input);
        if (ends[1] >= 0) close(ends[1]);
        input = ends[0];
        if (!started) break;
    }
    if (input >= 0) close(input);
    return job;
}

// What becomes of a job after its processes have been started.
int Executor::finish(Job started, bool background) {
    if (started.processes.empty()) return 1;
    Job& job = session_.jobs.add(std::move(started));
    job.pipe_failure = session_.options.pipe_failure;
    if (!background) return wait_in_foreground(session_, job);
    session_.last_background = job.processes.back().pid;
    session_.jobs.to_background(job);
    job.reported = true;
    if (session_.interactive) {
        std::string line =
            "[" + std::to_string(job.number) + "] " + std::to_string(*session_.last_background);
        write_all(STDERR_FILENO, line + "\n");
    }
    return 0;
}

// In a child, which is a subshell by now: any command.
int Executor::in_child(const Command& command) {
    note_line(command);
    if (auto* simple_command = std::get_if<SimpleCommand>(&command.what)) {
        auto simple = expand(*simple_command);
        if (!simple) return fail_expansion(simple.error());
        if (simple->words.empty()) return run_here(*simple, command.redirections);
        auto function = session_.functions.find(simple->words[0]);
        if (function != session_.functions.end())
            return run_function(*function->second, *simple, command.redirections);
        const Builtin* builtin = find_builtin(simple->words[0]);
        if (builtin != nullptr && builtin->program == nullptr)
            return run_here(*simple, command.redirections);
        if (builtin != nullptr) {
            simple->words = builtin->program(Arguments(simple->words).subspan(1));
            if (simple->words.empty()) return usage_error(builtin->name);
        }
        return external_in_child(*simple, command.redirections);
    }
    Redirector redirected = redirector(Redirector::Undo::no);
    auto done = redirected.apply(command.redirections, expander_);
    return done ? run_compound(command) : fail(done.error());
}

int Executor::external_in_child(const Simple& simple,
                                const std::vector<Redirection>& redirections) {
    Redirector redirected = redirector(Redirector::Undo::no);
    auto done = redirected.apply(redirections, expander_);
    if (!done) return fail(done.error());
    for (const auto& [name, value] : simple.assignments) {
        if (!variables().set(name, value)) return fail(read_only(name));
        variables().export_variable(name);
    }
    return execute(simple.words, variables().environment());
}

std::string Executor::output_of(const List& list) {
    std::string output;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        complain_errno("cannot make a pipe", errno);
        return output;
    }
    Job job;
    // Without job control: the child stays in the shell's group, and Ctrl-C reaches both.
    bool job_control = std::exchange(session_.job_control, false);
    start(job, true, [&] {
        move_descriptor(ends[1], STDOUT_FILENO);
        session_.watched = 0;
        // One command needs no further process.
        bool single = list.items.size() == 1 && !list.items[0].background &&
                      list.items[0].pipelines.size() == 1 &&
                      list.items[0].pipelines[0].second.commands.size() == 1 &&
                      !list.items[0].pipelines[0].second.negated;
        return single ? in_child(list.items[0].pipelines[0].second.commands[0]) : run(list);
    });
    close(ends[1]);
    char buffer[4096];
    while (true) {
        ssize_t count = read(ends[0], buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        output.append(buffer, static_cast<std::size_t>(count));
    }
    close(ends[0]);
    session_.substitution_status = finish(std::move(job), false);
    session_.job_control = job_control;
    return output;
}

}  // namespace shell
