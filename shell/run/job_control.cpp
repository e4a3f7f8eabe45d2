// SPDX-License-Identifier: MIT
// Process groups, the terminal, and waiting.
//
// The terminal belongs to one process group at a time. The shell takes it back before it prints
// anything; it ignores the signals that stop background processes which touch it, so that it may. In both
// processes after a fork, parent and child alike set the child's group and lend the terminal:
// whichever comes first, it is done before it is needed.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>

#include "shell/run/output.hpp"
#include "shell/run/session.hpp"

namespace shell {

volatile std::sig_atomic_t interrupt_pending = 0;
volatile std::sig_atomic_t stop_pending = 0;
volatile pid_t foreground_group = 0;

namespace {

// A person's shell does not end by these ...
constexpr int ignored_by_persons[] = {SIGQUIT, SIGTERM};
// ... and one that takes the terminal back from a job does not stop by these.
constexpr int ignored_by_controllers[] = {SIGTTIN, SIGTTOU};
constexpr int first_own_descriptor = 10;

void pass_on(int signal) {
    int error = errno;
    if (foreground_group != 0) kill(-foreground_group, signal);
    errno = error;
}

void on_interrupt(int signal) {
    interrupt_pending = 1;
    pass_on(signal);
}

void on_stop(int signal) {
    stop_pending = 1;
    pass_on(signal);
}

void take_terminal_back(Session& session, Job& job) {
    if (session.terminal < 0) return;
    tcsetpgrp(session.terminal, session.group);
    if (job.state() == Job::State::stopped) {
        termios modes;
        if (tcgetattr(session.terminal, &modes) == 0) job.terminal = modes;
    }
    bool natural_end = job.state() == Job::State::done && job.signal() == 0;
    if (natural_end) {
        // What a program like stty set on purpose stays.
        tcgetattr(session.terminal, &session.terminal_modes);
    } else {
        tcsetattr(session.terminal, TCSADRAIN, &session.terminal_modes);
    }
}

// All processes of the job that still count as running are gone: there is nobody left to wait for.
void give_up(Job& job) {
    for (Job::Process& process : job.processes) process.state = Job::State::done;
}

void report_end(Session& session, const Job& job) {
    int signal = job.signal();
    if (signal == 0 || signal == SIGPIPE) return;
    if (signal == SIGINT) {
        if (session.interactive) write_all(STDERR_FILENO, "\n");
        return;
    }
    write_all(STDERR_FILENO, std::string(signal_description(signal)) + "\n");
}

}  // namespace

void Session::enter_subshell() {
    jobs.clear();
    traps.enter_subshell();
    foreground_group = 0;
    job_control = options.monitor = false;
    interactive = false;
    login = false;
}

namespace {

// A script's standard input may be anything.
int find_terminal(const Session& session) {
    if (session.interactive) return STDIN_FILENO;
    int opened = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (opened < 0) return -1;
    int terminal = fcntl(opened, F_DUPFD_CLOEXEC, first_own_descriptor);
    close(opened);
    return terminal;
}

}  // namespace

void start_job_control(Session& session) {
    if (session.job_control) return;
    session.terminal = find_terminal(session);
    // Started in the background: wait until somebody brings us to the front.
    while (session.terminal >= 0 && tcgetpgrp(session.terminal) != getpgrp()) {
        if (tcgetpgrp(session.terminal) < 0) return;
        kill(0, SIGTTIN);
    }
    if (session.interactive) {
        session.traps.set_own_handler(SIGINT, on_interrupt);
        for (int signal : ignored_by_persons) session.traps.set_own_handler(signal, SIG_IGN);
    }
    session.traps.set_own_handler(SIGTSTP, session.interactive ? on_stop : SIG_IGN);
    for (int signal : ignored_by_controllers) session.traps.set_own_handler(signal, SIG_IGN);
    session.group = getpgrp();
    if (session.interactive && getsid(0) != getpid() && session.group != getpid()) {
        if (setpgid(0, 0) == 0) session.group = getpid();
    }
    if (session.terminal >= 0) {
        tcsetpgrp(session.terminal, session.group);
        tcgetattr(session.terminal, &session.terminal_modes);
    }
    session.job_control = session.options.monitor = true;
}

void end_job_control(Session& session) {
    if (!session.job_control) return;
    session.traps.set_own_handler(SIGTSTP, SIG_DFL);
    for (int signal : ignored_by_controllers) session.traps.set_own_handler(signal, SIG_DFL);
    if (session.terminal > STDIN_FILENO) close(session.terminal);
    session.terminal = -1;
    session.job_control = false;
}

void reset_signals(const Session& session) {
    const auto reset = [&session](int number) {
        if (!session.traps.has(number)) signal(number, SIG_DFL);
    };
    if (session.interactive) {
        reset(SIGINT);
        for (int number : ignored_by_persons) reset(number);
    }
    if (session.interactive || session.job_control) {
        reset(SIGTSTP);
        for (int number : ignored_by_controllers) reset(number);
    }
}

int wait_in_foreground(Session& session, Job& job) {
    if (session.job_control) foreground_group = job.group;
    while (job.state() == Job::State::running) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, session.job_control ? WUNTRACED : 0);
        if (pid > 0) {
            session.jobs.note(pid, status);
        } else if (errno != EINTR) {
            give_up(job);
        }
    }
    foreground_group = 0;
    stop_pending = 0;
    if (session.job_control) take_terminal_back(session, job);
    int status = job.status();
    if (job.processes.size() > 1) {
        std::string all;
        for (const Job::Process& process : job.processes)
            all += (all.empty() ? "" : " ") + std::to_string(exit_status(process.status));
        session.variables.set("PIPESTATUS", all);
    }
    if (job.state() == Job::State::stopped) {
        session.jobs.to_background(job);
        write_all(STDERR_FILENO, "\n" + session.jobs.describe(job) + "\n");
        job.reported = true;
        return status;
    }
    report_end(session, job);
    // The person wanted all of it to end, not only this part of a list or round of a loop.
    if (session.interactive && job.signal() == SIGINT) session.leaving = Leaving::interrupted;
    session.jobs.remove(job);
    return status;
}

int resume(Session& session, Job& job, bool foreground) {
    for (Job::Process& process : job.processes) {
        if (process.state == Job::State::stopped) process.state = Job::State::running;
    }
    job.reported = true;
    if (!foreground) {
        session.jobs.to_background(job);
        write_all(STDOUT_FILENO, session.jobs.describe(job) + "\n");
        return kill(-job.group, SIGCONT) == 0 ? 0 : 1;
    }
    write_all(STDOUT_FILENO, job.source + "\n");
    if (session.terminal >= 0) tcsetpgrp(session.terminal, job.group);
    if (job.terminal) tcsetattr(session.terminal, TCSADRAIN, &*job.terminal);
    kill(-job.group, SIGCONT);
    return wait_in_foreground(session, job);
}

void report_jobs(Session& session) {
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
        session.jobs.note(pid, status);
    }
    auto& jobs = session.jobs.all();
    for (auto next = jobs.begin(); next != jobs.end();) {
        Job& job = *next++;
        if (job.reported || job.state() == Job::State::running) continue;
        job.reported = true;
        if (session.interactive) write_all(STDERR_FILENO, session.jobs.describe(job) + "\n");
        if (job.state() == Job::State::done) session.jobs.remove(job);
    }
}

void hang_up_jobs(Session& session) {
    if (!session.job_control) return;
    for (const Job& job : session.jobs.all()) {
        if (job.group == 0 || job.state() == Job::State::done) continue;
        kill(-job.group, SIGHUP);
        if (job.state() == Job::State::stopped) kill(-job.group, SIGCONT);
    }
}

}  // namespace shell
