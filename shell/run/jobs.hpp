// SPDX-License-Identifier: MIT
// The table of jobs: the pipelines that have been started and not yet been reported as ended.
//
//   running --stop--> stopped --continue--> running --end of all processes--> done --reported-->
//   (removed)
//
// A job has a number, for the person, from when it first goes to the background; until then it is
// the foreground's. The table only keeps the books: what waitpid says is brought to it by `note`.
#pragma once

#include <sys/types.h>
#include <termios.h>
#include <list>
#include <string>
#include <string_view>
#include <vector>

#include <optional>

namespace shell {

struct Job {
    enum class State { running, stopped, done };
    struct Process {
        pid_t pid = 0;
        State state = State::running;
        int status = 0;  // as waitpid gave it
    };

    int number = 0;   // 0: in the foreground so far
    pid_t group = 0;  // 0: without job control, the shell's own
    std::vector<Process> processes;
    std::string source;
    bool pipe_failure = false;        // it fails with any of its processes (set -o pipefail)
    bool reported = false;            // its last change of state has been shown
    std::optional<termios> terminal;  // the modes that it had set when it was stopped

    State state() const;
    // The exit status that the shell gives for it: 128 and the signal's number for an unnatural end
    // or a stop.
    int status() const;
    // The signal that ended or stopped its last process, or 0.
    int signal() const;
};

class JobTable {
public:
    Job& add(Job job);
    void remove(const Job& job);
    void clear() { jobs_.clear(); }

    // A process has changed its state. False if it is in no job.
    bool note(pid_t pid, int status);

    // Numbers the job and makes it the current one.
    void to_background(Job& job);

    // %1, %+, %%, %- or %text (what the source begins with); null if there is no such job.
    Job* find(std::string_view spec);
    Job* current();

    std::list<Job>& all() { return jobs_; }

    // A line for `jobs` and for reports: `[1]+  Running    sleep 10 &`.
    std::string describe(const Job& job);

private:
    Job* recent(std::size_t place);

    std::list<Job> jobs_;
    std::vector<int> order_;  // numbers; the current one last
};

int exit_status(int wait_status);

}  // namespace shell
