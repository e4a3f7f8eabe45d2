// SPDX-License-Identifier: MIT
// What a running shell knows: one object, handed to the executor and the builtins.
//
// A subshell is a fork, so it has its own copy of all this; `enter_subshell` makes the copy forget
// what belongs to the person's shell alone (the terminal, the jobs).
#pragma once

#include <sys/types.h>
#include <termios.h>
#include <csignal>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shell/expand/variables.hpp"
#include "shell/line/history.hpp"
#include "shell/run/jobs.hpp"
#include "shell/run/options.hpp"
#include "shell/run/traps.hpp"
#include "shell/syntax/ast.hpp"
#include "shell/syntax/lexer.hpp"

namespace shell {

// Why the executor stops walking the tree.
enum class Leaving { no, exit, return_function, break_loop, continue_loop, interrupted };

struct Session {
    Variables variables;
    std::map<std::string, std::shared_ptr<const Command>, std::less<>> functions;
    Aliases aliases;
    std::string name = "shell";  // $0
    std::vector<std::string> arguments;
    int last_status = 0;
    // Of the latest $(...) of this command: its own if it runs nothing, as `x=$(false)`. Meanwhile $? is still the command's before.
    int substitution_status = 0;
    pid_t pid = 0;                         // of the person's shell, also in subshells: $$
    std::optional<pid_t> last_background;  // $!

    Options options;
    // A failure does not end the shell under `set -e` where somebody looks at it: in a condition, before && and ||, after !.
    int watched = 0;
    Traps traps;
    std::optional<int> status_before_trap;  // while an action runs: what `exit` alone exits with
    // `command` is at work: a mistake in a special builtin does not end a script.
    bool forgiving = false;

    // What the names that are a function's own stood for before; for each call.
    std::vector<std::vector<std::pair<std::string, std::optional<Variables::Variable>>>> locals;
    std::string getopts_index = "1";  // OPTIND as getopts left it
    std::size_t getopts_letter = 0;   // letters of that argument that have been taken

    bool interactive = false;
    bool login = false;

    // With job control every pipeline has its own process group, and the terminal is lent to one at
    // a time.
    bool job_control = false;
    int terminal = -1;         // none
    termios terminal_modes{};  // as the shell wants them while programs run
    pid_t group = 0;
    JobTable jobs;

    History history;

    Leaving leaving = Leaving::no;
    int exit_status = 0;
    int loop_depth = 0;
    int loops_to_leave = 0;      // for break and continue
    int call_depth = 0;          // of functions and files within one another
    std::size_t first_line = 1;  // the number of the first line of what is read next
    std::size_t function_line =
        1;  // where the running function's body begins: $LINENO counts from there
    bool warned_of_stopped = false;

    void enter_subshell();
};

// Set by the handlers of SIGINT and SIGTSTP.
extern volatile std::sig_atomic_t interrupt_pending;
extern volatile std::sig_atomic_t stop_pending;
// The group that the terminal is lent to, or 0. A Ctrl-C or Ctrl-Z that reaches the shell all the same (it was pressed just
// before the terminal changed hands) is passed on to it.
extern volatile pid_t foreground_group;

// Takes the terminal if there is one, and sets the signals as a shell needs them that lends it to its jobs. A script's
// does so without a terminal, too: each job is then in a process group of its own all the same.
void start_job_control(Session& session);
void end_job_control(Session& session);
// For a child that will run something: the signals as a program expects them.
void reset_signals(const Session& session);

// Waits until the job, which has the terminal if there is job control, has ended or stopped; then
// takes the terminal back, reports an unnatural end, and gives the status. A job that has ended is
// removed.
int wait_in_foreground(Session& session, Job& job);
// Lets a stopped job run again, in the foreground or the background.
int resume(Session& session, Job& job, bool foreground);
// Collects what has changed without waiting, and reports jobs that ended or stopped.
void report_jobs(Session& session);
// Tells the jobs that the person is gone.
void hang_up_jobs(Session& session);

}  // namespace shell
