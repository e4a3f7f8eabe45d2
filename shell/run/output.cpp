// SPDX-License-Identifier: MIT
#include "shell/run/output.hpp"

#include <unistd.h>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

namespace shell {

namespace {

struct SignalName {
    int number;
    std::string_view name, description;
};

constexpr SignalName signals[] = {
    {SIGHUP, "HUP", "Hangup"},
    {SIGINT, "INT", "Interrupt"},
    {SIGQUIT, "QUIT", "Quit"},
    {SIGILL, "ILL", "Illegal instruction"},
    {SIGTRAP, "TRAP", "Trace trap"},
    {SIGABRT, "ABRT", "Aborted"},
    {SIGBUS, "BUS", "Bus error"},
    {SIGFPE, "FPE", "Arithmetic error"},
    {SIGKILL, "KILL", "Killed"},
    {SIGUSR1, "USR1", "User signal 1"},
    {SIGSEGV, "SEGV", "Segmentation fault"},
    {SIGUSR2, "USR2", "User signal 2"},
    {SIGPIPE, "PIPE", "Broken pipe"},
    {SIGALRM, "ALRM", "Alarm clock"},
    {SIGTERM, "TERM", "Terminated"},
    {SIGCHLD, "CHLD", "Child changed"},
    {SIGCONT, "CONT", "Continued"},
    {SIGSTOP, "STOP", "Stopped"},
    {SIGTSTP, "TSTP", "Stopped"},
    {SIGTTIN, "TTIN", "Stopped (wants to read the terminal)"},
    {SIGTTOU, "TTOU", "Stopped (wants to write to the terminal)"},
    {SIGURG, "URG", "Urgent data"},
    {SIGXCPU, "XCPU", "CPU time limit exceeded"},
    {SIGXFSZ, "XFSZ", "File size limit exceeded"},
    {SIGWINCH, "WINCH", "Window changed"},
    {SIGSYS, "SYS", "Bad system call"},
};

}  // namespace

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        ssize_t written = write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void complain(std::string_view message) {
    write_all(STDERR_FILENO, "shell: " + std::string(message) + "\n");
}

void complain_errno(std::string_view what, int error) {
    complain(std::string(what) + ": " + strerror(error));
}

std::string_view signal_description(int signal) {
    for (const SignalName& candidate : signals) {
        if (candidate.number == signal) return candidate.description;
    }
    return "Ended by a signal";
}

int signal_number(std::string_view name) {
    if (name.starts_with("SIG")) name.remove_prefix(3);
    for (const SignalName& candidate : signals) {
        if (candidate.name == name) return candidate.number;
    }
    int number = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    bool whole = error == std::errc{} && end == name.data() + name.size();
    return whole && number > 0 && number <= 64 ? number : 0;
}

std::string_view signal_name(int signal) {
    for (const SignalName& candidate : signals) {
        if (candidate.number == signal) return candidate.name;
    }
    return {};
}

}  // namespace shell
