// SPDX-License-Identifier: MIT
// trap.
#include <unistd.h>

#include "shell/builtins/builtin.hpp"
#include "shell/builtins/quoting.hpp"
#include "shell/run/output.hpp"

namespace shell {

int trap_builtin(Executor& executor, Arguments arguments) {
    Traps& traps = executor.session().traps;
    if (!arguments.empty() && arguments[0] == "--") arguments = arguments.subspan(1);
    if (arguments.empty()) {
        std::string text;
        for (const auto& [signal, action] : traps.all())
            text += "trap -- " + quoted(action) + " " + trap_name(signal) + "\n";
        return write_all(STDOUT_FILENO, text) ? 0 : 1;
    }
    // `trap - INT`, and `trap 2` or `trap INT` alone: as without a trap.
    bool only_signals =
        arguments.size() == 1 || arguments[0].find_first_not_of("0123456789") == std::string::npos;
    bool resets = arguments[0] == "-" || (only_signals && trap_number(arguments[0]).has_value());
    std::string action = arguments[0];
    if (action == "-" || !resets) arguments = arguments.subspan(1);
    if (arguments.empty()) return usage_error(executor, "trap");
    int status = 0;
    for (const std::string& name : arguments) {
        auto number = trap_number(name);
        if (!number) {
            complain("trap: " + name + ": no such signal (kill -l lists them)");
            status = 1;
        } else if (resets) {
            traps.reset(*number);
        } else {
            traps.set(*number, action);
        }
    }
    return status;
}

}  // namespace shell
