// SPDX-License-Identifier: MIT
#include <algorithm>

#include "shell/builtins/builtin.hpp"
#include "shell/run/output.hpp"

namespace shell {

namespace {

constexpr Builtin table[] = {
    {".", ". FILE", "carry out the commands in a file, in this shell", dot_builtin},
    {":", ": [ARG...]", "do nothing, successfully", true_builtin},
    {"[", "[ EXPRESSION ]", "test files, texts and numbers", bracket_builtin},
    {"alias", "alias [NAME[=TEXT]...]", "let a name stand for a text; alone: show all",
     alias_builtin},
    {"bg", "bg [%JOB]", "let a stopped job go on in the background", bg_builtin},
    {"break", "break [N]", "leave the loop, or N loops", break_builtin},
    {"cd", "cd [-LP] [DIRECTORY|-]", "change the current directory; alone: to your home",
     cd_builtin},
    {"command", "command [-pvV] NAME [ARG...]",
     "carry out a command, but no function; -v: say what it is", command_builtin},
    {"container", "container COMMAND [ARG...]", "run, list and stop containers (container help)",
     nullptr, container_program},
    {"continue", "continue [N]", "go on with the next round of the loop", continue_builtin},
    {"disown", "disown [%JOB...]", "let a job go on when the shell ends, and forget it",
     disown_builtin},
    {"echo", "echo [-n] [ARG...]", "write the arguments", echo_builtin},
    {"eval", "eval [WORD...]", "carry out the words as a command", eval_builtin},
    {"exec", "exec [COMMAND [ARG...]]", "become the command; alone: keep the redirections",
     exec_builtin},
    {"exit", "exit [STATUS]", "leave the shell", exit_builtin},
    {"export", "export [-p] [NAME[=VALUE]...]", "pass variables on to programs", export_builtin},
    {"false", "false", "do nothing, unsuccessfully", false_builtin},
    {"fc", "fc [-lnr] [-e EDITOR] [FIRST [LAST]] | fc -s [OLD=NEW] [FIRST]",
     "edit lines entered before and carry them out again; -l: list; -s: at once", fc_builtin},
    {"fg", "fg [%JOB]", "bring a job to the foreground", fg_builtin},
    {"getopts", "getopts LETTERS NAME [ARG...]", "take the next option into a variable",
     getopts_builtin},
    {"hash", "hash [-r] [NAME...]", "check that programs are found", hash_builtin},
    {"help", "help [NAME]", "show what the shell itself can do; with NAME, what is known of that",
     help_builtin},
    {"history", "history [N]", "show the lines entered so far, or the last N", history_builtin},
    {"jobs", "jobs", "list what runs in the background or is stopped", jobs_builtin},
    {"kill", "kill [-SIGNAL] PID|%JOB...", "send a signal (TERM); kill -l lists them",
     kill_builtin},
    {"local", "local NAME[=VALUE]...", "make variables a function's own", local_builtin},
    {"pwd", "pwd [-LP]", "show the current directory", pwd_builtin},
    {"read", "read [-r] [-p PROMPT] NAME...", "read a line into variables", read_builtin},
    {"readonly", "readonly [-p] [NAME[=VALUE]...]", "fix variables' values", readonly_builtin},
    {"return", "return [STATUS]", "leave the function or the file", return_builtin},
    {"set", "set [-+aCefmnuvx] [-+o NAME] [--] [ARG...]",
     "show all variables, or switch options (-o: list) and set $1, $2, ...", set_builtin},
    {"shift", "shift [N]", "drop $1, or the first N arguments", shift_builtin},
    {"spawn", "spawn IMAGE [ARG...]", "run a container and wait for it", nullptr, spawn_program},
    {"spawnbg", "spawnbg IMAGE [ARG...]", "run a container in the background", nullptr,
     spawn_program, true},
    {"stop", "stop [%JOB...]", "stop a job in the background; bg and fg let it go on",
     stop_builtin},
    {"test", "test EXPRESSION", "the same as [", test_builtin},
    {"times", "times", "show the time used by the shell and its programs", times_builtin},
    {"trap", "trap [ACTION|-] [SIGNAL|EXIT...]",
     "say what to do when a signal comes, or at the end", trap_builtin},
    {"true", "true", "do nothing, successfully", true_builtin},
    {"type", "type NAME...", "say what a name stands for", type_builtin},
    {"ulimit", "ulimit [-SHacdfnstv] [N|unlimited]", "show or set limits of programs",
     ulimit_builtin},
    {"umask", "umask [-S|MODE]", "show or set what new files are not allowed", umask_builtin},
    {"unalias", "unalias -a|NAME...", "forget aliases", unalias_builtin},
    {"unset", "unset [-fv] NAME...", "forget variables; -f: functions", unset_builtin},
    {"wait", "wait [PID|%JOB...]", "wait until jobs in the background have ended", wait_builtin},
};

}  // namespace

const Builtin* find_builtin(std::string_view name) {
    auto found = std::ranges::find(table, name, &Builtin::name);
    return found == std::end(table) ? nullptr : found;
}

std::span<const Builtin> builtins() { return table; }

bool is_special(const Builtin& builtin) {
    constexpr std::string_view special[] = {".",    ":",     "break",  "continue", "eval",
                                            "exec", "exit",  "export", "readonly", "return",
                                            "set",  "shift", "times",  "trap",     "unset"};
    return std::ranges::contains(special, builtin.name);
}

int usage_error(Executor& executor, std::string_view name) {
    std::string usage(find_builtin(name)->usage);
    return executor.special_error(std::string(name) + ": usage: " + usage);
}

int usage_error(std::string_view name) {
    const Builtin* builtin = find_builtin(name);
    complain(std::string(name) + ": usage: " + std::string(builtin->usage));
    return 2;
}

}  // namespace shell
