// SPDX-License-Identifier: MIT
// jobs, fg, bg, stop, disown, kill and wait.
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <charconv>
#include <csignal>

#include "shell/builtins/builtin.hpp"
#include "shell/run/output.hpp"

namespace shell {

namespace {

std::optional<pid_t> process_id(const std::string& text) {
    pid_t value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Job* job_or_complaint(Session& session, std::string_view builtin, Arguments arguments) {
    std::string spec = arguments.empty() ? "%" : arguments[0];
    Job* job = session.jobs.find(spec);
    if (job == nullptr) complain(std::string(builtin) + ": " + spec + ": no such job");
    return job;
}

int continue_job(Executor& executor, std::string_view name, Arguments arguments, bool foreground) {
    Session& session = executor.session();
    if (arguments.size() > 1) return usage_error(name);
    if (!session.job_control) {
        complain(std::string(name) + ": there is no job control here (set -m)");
        return 1;
    }
    Job* job = job_or_complaint(session, name, arguments);
    if (job == nullptr) return 1;
    if (job->state() == Job::State::done) {
        complain(std::string(name) + ": the job has ended already");
        return 1;
    }
    return resume(session, *job, foreground);
}

int list_signals() {
    std::string text;
    for (int signal = 1; signal <= 31; ++signal) {
        std::string_view name = signal_name(signal);
        if (!name.empty()) text += std::to_string(signal) + " " + std::string(name) + "\n";
    }
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

int signal_job(Session& session, const std::string& name, const std::string& spec, int signal) {
    Job* job = session.jobs.find(spec);
    if (job == nullptr) {
        complain(name + ": " + spec + ": no such job");
        return 1;
    }
    int result = 0;
    if (job->group != 0) {
        result = kill(-job->group, signal);
        // A stopped job would not notice.
        bool wakes = signal == SIGTERM || signal == SIGHUP;
        if (job->state() == Job::State::stopped && wakes) kill(-job->group, SIGCONT);
    } else {
        for (const Job::Process& process : job->processes) result |= kill(process.pid, signal);
    }
    if (result != 0) complain_errno(name + ": " + spec, errno);
    return result == 0 ? 0 : 1;
}

}  // namespace

int jobs_builtin(Executor& executor, Arguments) {
    Session& session = executor.session();
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        session.jobs.note(pid, status);
    }
    std::string text;
    for (Job& job : session.jobs.all()) {
        if (job.number == 0) continue;
        text += session.jobs.describe(job) + "\n";
        if (job.state() != Job::State::running) job.reported = job.state() == Job::State::stopped;
    }
    auto& jobs = session.jobs.all();
    for (auto next = jobs.begin(); next != jobs.end();) {
        Job& job = *next++;
        if (job.state() == Job::State::done) session.jobs.remove(job);
    }
    return write_all(STDOUT_FILENO, text) ? 0 : 1;
}

int fg_builtin(Executor& executor, Arguments arguments) {
    return continue_job(executor, "fg", arguments, true);
}

int bg_builtin(Executor& executor, Arguments arguments) {
    return continue_job(executor, "bg", arguments, false);
}

namespace {

// Nobody can refuse to stop; so that what comes next finds it stopped.
void await_stop(Session& session, const Job& job) {
    while (job.state() == Job::State::running && !interrupt_pending) {
        int status = 0;
        const pid_t pid = waitpid(-1, &status, WUNTRACED);
        if (pid > 0) session.jobs.note(pid, status);
        if (pid < 0 && errno != EINTR) break;
    }
}

}  // namespace

int stop_builtin(Executor& executor, Arguments arguments) {
    Session& session = executor.session();
    int status = 0;
    do {
        const std::string spec = arguments.empty() ? "%" : arguments[0];
        const int told = signal_job(session, "stop", spec, SIGSTOP);
        if (Job* job = session.jobs.find(spec); told == 0 && job != nullptr)
            await_stop(session, *job);
        status |= told;
        arguments = arguments.subspan(arguments.empty() ? 0 : 1);
    } while (!arguments.empty());
    return status;
}

// What nobody has in the table any more is not hung up with the shell, either; its end is awaited all the same, as any child's.
int disown_builtin(Executor& executor, Arguments arguments) {
    Session& session = executor.session();
    int status = 0;
    do {
        Job* job = job_or_complaint(session, "disown", arguments);
        if (job != nullptr) {
            if (job->state() == Job::State::stopped)
                complain("disown: " + session.jobs.describe(*job) + ": it stays stopped");
            session.jobs.remove(*job);
        }
        status |= job == nullptr ? 1 : 0;
        arguments = arguments.subspan(arguments.empty() ? 0 : 1);
    } while (!arguments.empty());
    return status;
}

int kill_builtin(Executor& executor, Arguments arguments) {
    int signal = SIGTERM;
    if (!arguments.empty() && arguments[0] == "-l") return list_signals();
    if (!arguments.empty() && arguments[0].starts_with('-') && arguments[0] != "--") {
        std::string name = arguments[0].substr(1);
        if (name == "s" && arguments.size() > 1) {
            name = arguments[1];
            arguments = arguments.subspan(1);
        }
        signal = signal_number(name);
        if (signal == 0 && name != "0") {
            complain("kill: " + name + ": no such signal (kill -l lists them)");
            return 1;
        }
        arguments = arguments.subspan(1);
    }
    if (!arguments.empty() && arguments[0] == "--") arguments = arguments.subspan(1);
    if (arguments.empty()) return usage_error("kill");
    int status = 0;
    for (const std::string& target : arguments) {
        if (target.starts_with('%')) {
            status |= signal_job(executor.session(), "kill", target, signal);
            continue;
        }
        auto pid = process_id(target);
        if (!pid) {
            complain("kill: " + target + ": neither a process id nor a job");
            status = 1;
        } else if (kill(*pid, signal) != 0) {
            complain_errno("kill: " + target, errno);
            status = 1;
        }
    }
    return status;
}

namespace {

// Between the look at what has come and the sleep nothing is lost: signals are let in by the sleep only.
class SignalsHeld {
public:
    SignalsHeld() {
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, &before_);
        struct sigaction nothing{};
        nothing.sa_handler = [](int) {};
        sigaction(SIGCHLD, &nothing, &child_before_);
    }
    SignalsHeld(const SignalsHeld&) = delete;
    SignalsHeld& operator=(const SignalsHeld&) = delete;
    ~SignalsHeld() {
        sigaction(SIGCHLD, &child_before_, nullptr);
        sigprocmask(SIG_SETMASK, &before_, nullptr);
    }
    void sleep() const { sigsuspend(&before_); }

private:
    sigset_t before_;
    struct sigaction child_before_;
};

}  // namespace

int wait_builtin(Executor& executor, Arguments arguments) {
    Session& session = executor.session();
    bool traps_child = session.traps.has(SIGCHLD);
    const auto interrupted = [&] { return interrupt_pending != 0 || Traps::any_pending(); };
    auto wait_for = [&](Job& job) {
        std::optional<SignalsHeld> held;
        // A trap of SIGCHLD itself is no reason to stop waiting, and must stay in force.
        if (!traps_child) held.emplace();
        while (job.state() == Job::State::running && !(held && interrupted())) {
            int status = 0;
            pid_t pid = waitpid(-1, &status, held ? WUNTRACED | WNOHANG : WUNTRACED);
            if (pid > 0) session.jobs.note(pid, status);
            if (pid == 0) held->sleep();
            if (pid < 0 && errno != EINTR) break;
        }
        if (job.state() == Job::State::running && Traps::first_pending() != 0)
            return 128 + Traps::first_pending();
        int status = job.status();
        if (job.state() == Job::State::done) session.jobs.remove(job);
        return status;
    };
    int status = 0;
    if (arguments.empty()) {
        auto& jobs = session.jobs.all();
        for (auto next = jobs.begin(); next != jobs.end() && !interrupt_pending;) {
            status = wait_for(*next++);
            if (Traps::any_pending()) return status;
        }
        return 0;
    }
    for (const std::string& target : arguments) {
        Job* found = target.starts_with('%') ? session.jobs.find(target) : nullptr;
        auto pid = process_id(target);
        for (Job& job : session.jobs.all()) {
            if (pid && !job.processes.empty() && job.processes.back().pid == *pid) found = &job;
        }
        status = found != nullptr ? wait_for(*found) : 127;
    }
    return status;
}

}  // namespace shell
