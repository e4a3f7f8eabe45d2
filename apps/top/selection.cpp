// SPDX-License-Identifier: MIT
#include "apps/top/selection.hpp"

#include <algorithm>

namespace top {

bool Selection::names_any() const {
    return !(pids.empty() && parents.empty() && sessions.empty() && users.empty() &&
             terminals.empty() && names.empty() && containers.empty());
}

bool Selection::is_in_scope(const Process& process, const Process& own) const {
    const bool leads = process.session == process.pid;
    switch (scope) {
        case Scope::own_terminal:
            return process.user == own.user && process.terminal == own.terminal;
        case Scope::terminals:  return process.terminal != 0 && !leads;
        case Scope::no_leaders: return !leads;
        case Scope::bsd:
            return (other_users || process.user == own.user) &&
                   (without_terminal || process.terminal != 0);
        case Scope::all: return true;
    }
    return false;
}

bool Selection::means(const Process& process, const Process& own) const {
    if (!names_any()) return is_in_scope(process, own);
    using std::ranges::contains;
    return contains(pids, process.pid) || contains(parents, process.parent) ||
           contains(sessions, process.session) || contains(users, process.user) ||
           contains(names, process.name) || contains(containers, process.container) ||
           (process.terminal != 0 && contains(terminals, procfs::terminal_name(process.terminal)));
}

}  // namespace top
