// SPDX-License-Identifier: MIT
#include "shell/run/jobs.hpp"

#include <sys/wait.h>
#include <algorithm>
#include <charconv>

#include "shell/run/output.hpp"

namespace shell {

int exit_status(int wait_status) {
    if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
    if (WIFSTOPPED(wait_status)) return 128 + WSTOPSIG(wait_status);
    return 128 + WTERMSIG(wait_status);
}

Job::State Job::state() const {
    bool stopped = false;
    for (const Process& process : processes) {
        if (process.state == State::running) return State::running;
        stopped |= process.state == State::stopped;
    }
    return stopped ? State::stopped : State::done;
}

int Job::status() const {
    int status = processes.empty() ? 0 : exit_status(processes.back().status);
    if (!pipe_failure || status != 0) return status;
    for (const Process& process : processes) {
        if (int other = exit_status(process.status); other != 0) status = other;
    }
    return status;
}

int Job::signal() const {
    if (processes.empty()) return 0;
    int status = processes.back().status;
    if (WIFSTOPPED(status)) return WSTOPSIG(status);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

Job& JobTable::add(Job job) {
    jobs_.push_back(std::move(job));
    return jobs_.back();
}

void JobTable::remove(const Job& job) {
    std::erase(order_, job.number);
    jobs_.remove_if([&](const Job& candidate) { return &candidate == &job; });
}

bool JobTable::note(pid_t pid, int status) {
    for (Job& job : jobs_) {
        for (Job::Process& process : job.processes) {
            if (process.pid != pid) continue;
            Job::State before = job.state();
            if (WIFCONTINUED(status)) {
                process.state = Job::State::running;
            } else {
                process.status = status;
                process.state = WIFSTOPPED(status) ? Job::State::stopped : Job::State::done;
            }
            if (job.state() != before) job.reported = job.state() == Job::State::running;
            return true;
        }
    }
    return false;
}

void JobTable::to_background(Job& job) {
    if (job.number == 0) {
        for (const Job& other : jobs_) job.number = std::max(job.number, other.number);
        ++job.number;
    }
    std::erase(order_, job.number);
    order_.push_back(job.number);
}

// The job in the given place from the end of the order.
Job* JobTable::recent(std::size_t place) {
    if (place >= order_.size()) return nullptr;
    int number = order_[order_.size() - 1 - place];
    auto found = std::ranges::find(jobs_, number, &Job::number);
    return found == jobs_.end() ? nullptr : &*found;
}

Job* JobTable::current() { return recent(0); }

Job* JobTable::find(std::string_view spec) {
    if (spec.starts_with('%')) spec.remove_prefix(1);
    if (spec.empty() || spec == "%" || spec == "+") return current();
    if (spec == "-") return recent(1);
    int number = 0;
    auto [end, error] = std::from_chars(spec.data(), spec.data() + spec.size(), number);
    bool is_number = error == std::errc{} && end == spec.data() + spec.size();
    for (Job& job : jobs_) {
        if (job.number == 0) continue;
        if (is_number ? job.number == number : job.source.starts_with(spec)) return &job;
    }
    return nullptr;
}

std::string JobTable::describe(const Job& job) {
    std::string state = "Running";
    if (job.state() == Job::State::stopped) {
        state = signal_description(job.signal());
    } else if (job.state() == Job::State::done) {
        state = job.signal() != 0   ? std::string(signal_description(job.signal()))
                : job.status() != 0 ? "Exit " + std::to_string(job.status())
                                    : "Done";
    }
    char mark = recent(0) == &job ? '+' : recent(1) == &job ? '-' : ' ';
    std::string line = "[" + std::to_string(job.number) + "]" + mark + "  " + state;
    line.append(line.size() < 24 ? 24 - line.size() : 1, ' ');
    line += job.source;
    if (job.state() == Job::State::running) line += " &";
    return line;
}

}  // namespace shell
