// SPDX-License-Identifier: MIT
#include "shell/run/executor.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>

#include "libs/base/result.hpp"
#include "shell/builtins/builtin.hpp"
#include "shell/expand/pattern.hpp"
#include "shell/run/output.hpp"
#include "shell/run/redirector.hpp"

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
        case '-': return session_.interactive ? "i" : "";
        case '!':
            if (session_.last_background) return std::to_string(*session_.last_background);
            return std::nullopt;
        default: return std::nullopt;
    }
}

int Executor::run(const List& list) {
    int status = 0;
    for (const AndOr& item : list.items) {
        status = run(item);
        session_.last_status = status;
        if (interrupt_pending && session_.leaving == Leaving::no) {
            session_.leaving = Leaving::interrupted;
            status = 128 + SIGINT;
        }
        if (session_.leaving != Leaving::no) break;
    }
    return status;
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
        status = run(pipeline);
        session_.last_status = status;
        if (session_.leaving != Leaving::no) break;
    }
    return status;
}

int Executor::run(const Pipeline& pipeline) {
    int status = pipeline.commands.size() == 1 ? run_single(pipeline.commands[0], pipeline.source)
                                               : finish(start_pipeline(pipeline, true), false);
    if (!pipeline.negated || session_.leaving != Leaving::no) return status;
    return status == 0 ? 1 : 0;
}

int Executor::run_single(const Command& command, const std::string& source) {
    if (auto* simple = std::get_if<SimpleCommand>(&command.what))
        return run_simple(*simple, command.redirections, source);
    auto* group = std::get_if<Group>(&command.what);
    if (group != nullptr && group->subshell) {
        Job job{.source = source};
        start(job, true, [&] { return in_child(command); });
        return finish(std::move(job), false);
    }
    Redirector redirector(Redirector::Undo::yes);
    auto done = redirector.apply(command.redirections, expander_);
    return done ? run_compound(command) : fail(done.error());
}

Expanded<Executor::Simple> Executor::expand(const SimpleCommand& command) {
    Simple simple;
    simple.words = TRY(expander_.fields(command.words));
    for (const Assignment& assignment : command.assignments) {
        simple.assignments.emplace_back(assignment.name, TRY(expander_.text(assignment.value)));
        // Later ones may use earlier ones; without a command they are for the shell itself anyway.
        if (simple.words.empty())
            variables().set(assignment.name, simple.assignments.back().second);
    }
    return simple;
}

int Executor::run_simple(const SimpleCommand& command, const std::vector<Redirection>& redirections,
                         const std::string& source) {
    // For `x=$(false)`: the status is that of the substitution.
    if (command.words.empty()) session_.last_status = 0;
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

// In the shell itself: a builtin, or nothing but redirections and assignments.
int Executor::run_here(const Simple& simple, const std::vector<Redirection>& redirections) {
    Redirector redirector(Redirector::Undo::yes);
    auto done = redirector.apply(redirections, expander_);
    if (!done) return fail(done.error());
    if (simple.words.empty()) return session_.last_status;
    std::vector<std::pair<std::string, std::optional<std::string>>> before;
    for (const auto& [name, value] : simple.assignments) {
        auto old = variables().get(name);
        before.emplace_back(name, old ? std::optional(std::string(*old)) : std::nullopt);
        variables().set(name, value);
    }
    const Builtin* builtin = find_builtin(simple.words[0]);
    int status = builtin->run(*this, Arguments(simple.words).subspan(1));
    for (const auto& [name, value] : before) {
        value ? variables().set(name, *value) : variables().unset(name);
    }
    bool is_bare_exec = builtin->name == "exec" && status == 0;
    if (is_bare_exec) redirector.keep();
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
    Redirector redirector(Redirector::Undo::yes);
    auto done = redirector.apply(redirections, expander_);
    if (!done) return fail(done.error());
    for (const auto& [name, value] : simple.assignments) variables().set(name, value);
    std::vector<std::string> arguments(simple.words.begin() + 1, simple.words.end());
    std::swap(session_.arguments, arguments);
    int loops = std::exchange(session_.loop_depth, 0);
    ++session_.call_depth;
    int status = run_single(body, simple.words[0]);
    --session_.call_depth;
    session_.loop_depth = loops;
    std::swap(session_.arguments, arguments);
    if (session_.leaving != Leaving::return_function) return status;
    session_.leaving = Leaving::no;
    return session_.exit_status;
}

int Executor::run_if(const IfCommand& command) {
    for (const IfCommand::Branch& branch : command.branches) {
        int condition = run(*branch.condition);
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
        int condition = run(*command.condition);
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
        variables().set(command.name, value);
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
        _exit(session_.leaving == Leaving::exit ? session_.exit_status : status);
    }
    int error = errno;
    if (child > 0 && session_.job_control) {
        if (job.group == 0) job.group = child;
        setpgid(child, job.group);
        if (foreground) {
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
    if (session_.job_control) {
        pid_t group = job.group != 0 ? job.group : getpid();
        setpgid(0, group);
        if (foreground) tcsetpgrp(session_.terminal, group);
    }
    reset_signals(session_);
    if (interrupt_pending && foreground) raise(SIGINT);
    if (stop_pending && foreground && session_.job_control) raise(SIGTSTP);
    if (!foreground && !session_.job_control) {
        int nothing = open("/dev/null", O_RDONLY);
        if (nothing >= 0) move_descriptor(nothing, STDIN_FILENO);
    }
    session_.enter_subshell();
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
    Redirector redirector(Redirector::Undo::no);
    auto done = redirector.apply(command.redirections, expander_);
    return done ? run_compound(command) : fail(done.error());
}

int Executor::external_in_child(const Simple& simple,
                                const std::vector<Redirection>& redirections) {
    Redirector redirector(Redirector::Undo::no);
    auto done = redirector.apply(redirections, expander_);
    if (!done) return fail(done.error());
    for (const auto& [name, value] : simple.assignments) {
        variables().set(name, value);
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
        return run(list);
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
    session_.last_status = finish(std::move(job), false);
    session_.job_control = job_control;
    return output;
}

}  // namespace shell
