// SPDX-License-Identifier: MIT
// What the shell does when a signal comes, or when it ends (POSIX.1-2024, 2.15 trap).
//
// A handler only notes that its signal has come. Between two commands, and when `wait` is interrupted, the executor carries out
// the actions of those that have.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace shell {

class Traps {
public:
    static constexpr int at_exit = 0;  // in the place of a signal's number
    static constexpr int signal_count = 65;

    // An empty action: the signal is ignored, by programs, too.
    void set(int signal, std::string_view action);
    // What happened without a trap.
    void reset(int signal);
    // In a subshell: what was ignored stays so, all else is as it was before any trap.
    void enter_subshell();

    // A signal that has come since it was asked last and has an action; the lowest first.
    std::optional<std::string> take_pending();
    static bool any_pending();
    // The lowest signal that has come; 0: none.
    static int first_pending();
    // The action for the end, which it then no longer has.
    std::optional<std::string> take_exit();

    bool has(int signal) const { return actions_.contains(signal); }
    const std::map<int, std::string>& all() const { return actions_; }

    // A person's shell has handlers of its own; those of its traps call these as well. Null: none.
    using Handler = void (*)(int);
    void set_own_handler(int signal, Handler handler);

private:
    std::map<int, std::string> actions_;
    std::map<int, Handler> own_handlers_;
    // A script cannot trap what was ignored when it began: it has an action that never happens.
    std::set<int> began_ignored_;
};

// 0 for EXIT, a signal's number for its name or number; nothing for anything else.
std::optional<int> trap_number(std::string_view name);
std::string trap_name(int signal);

}  // namespace shell
