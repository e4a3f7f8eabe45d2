// SPDX-License-Identifier: MIT
// The commands that the shell carries out itself, and the table that `help` shows.
//
// A builtin is here because it changes the shell's own state, or because no program could do it. It
// writes to the descriptors 1 and 2, and gives the exit status.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shell/run/executor.hpp"

namespace shell {

using Arguments = std::span<const std::string>;  // without the name

struct Builtin {
    std::string_view name;
    std::string_view usage;
    std::string_view help;
    int (*run)(Executor& executor, Arguments arguments);
    // For builtins that stand for a program: the words of the command to run in their place. `run`
    // is null then.
    std::vector<std::string> (*program)(Arguments arguments) = nullptr;
    bool background = false;
};

const Builtin* find_builtin(std::string_view name);
std::span<const Builtin> builtins();
// One of POSIX's special builtins (POSIX.1-2024, 2.15): assignments before it stay, and its mistakes end a script.
bool is_special(const Builtin& builtin);

// Complains with the builtin's usage; gives the status 2. One that is special ends a script with that.
int usage_error(std::string_view name);
int usage_error(Executor& executor, std::string_view name);

// directory.cpp
int cd_builtin(Executor& executor, Arguments arguments);
int pwd_builtin(Executor& executor, Arguments arguments);
// output.cpp
int echo_builtin(Executor& executor, Arguments arguments);
int help_builtin(Executor& executor, Arguments arguments);
int true_builtin(Executor& executor, Arguments arguments);
int false_builtin(Executor& executor, Arguments arguments);
// history.cpp
int history_builtin(Executor& executor, Arguments arguments);
int fc_builtin(Executor& executor, Arguments arguments);
// control.cpp
int exit_builtin(Executor& executor, Arguments arguments);
int break_builtin(Executor& executor, Arguments arguments);
int continue_builtin(Executor& executor, Arguments arguments);
int exec_builtin(Executor& executor, Arguments arguments);
int command_builtin(Executor& executor, Arguments arguments);
int return_builtin(Executor& executor, Arguments arguments);
int eval_builtin(Executor& executor, Arguments arguments);
int dot_builtin(Executor& executor, Arguments arguments);
// variables.cpp
int export_builtin(Executor& executor, Arguments arguments);
int readonly_builtin(Executor& executor, Arguments arguments);
int local_builtin(Executor& executor, Arguments arguments);
int unset_builtin(Executor& executor, Arguments arguments);
int shift_builtin(Executor& executor, Arguments arguments);
// options.cpp
int set_builtin(Executor& executor, Arguments arguments);
int getopts_builtin(Executor& executor, Arguments arguments);
// aliases.cpp
int alias_builtin(Executor& executor, Arguments arguments);
int unalias_builtin(Executor& executor, Arguments arguments);
// traps.cpp
int trap_builtin(Executor& executor, Arguments arguments);
// limits.cpp
int umask_builtin(Executor& executor, Arguments arguments);
int ulimit_builtin(Executor& executor, Arguments arguments);
int times_builtin(Executor& executor, Arguments arguments);
// input.cpp
int read_builtin(Executor& executor, Arguments arguments);
int hash_builtin(Executor& executor, Arguments arguments);
int type_builtin(Executor& executor, Arguments arguments);
int name_command(Executor& executor, const std::string& name);  // for command -v
// test.cpp
int test_builtin(Executor& executor, Arguments arguments);
int bracket_builtin(Executor& executor, Arguments arguments);
// jobs.cpp
int jobs_builtin(Executor& executor, Arguments arguments);
int fg_builtin(Executor& executor, Arguments arguments);
int bg_builtin(Executor& executor, Arguments arguments);
int stop_builtin(Executor& executor, Arguments arguments);
int disown_builtin(Executor& executor, Arguments arguments);
int kill_builtin(Executor& executor, Arguments arguments);
int wait_builtin(Executor& executor, Arguments arguments);
// containers.cpp
std::vector<std::string> container_program(Arguments arguments);
std::vector<std::string> spawn_program(Arguments arguments);

}  // namespace shell
