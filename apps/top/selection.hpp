// SPDX-License-Identifier: MIT
// Which processes are meant, of those that /proc shows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libs/procfs/process.hpp"

namespace top {

using procfs::Process;

struct Selection {
    // What one has that is meant if nothing is named: any of these lists.
    enum class Scope : std::uint8_t {
        own_terminal,  // the caller's user, and the caller's terminal
        terminals,     // a terminal, but does not lead a session (-a)
        no_leaders,    // anything, but does not lead a session (-d)
        bsd,           // as the two flags below say
        all,
    };
    Scope scope = Scope::own_terminal;
    bool other_users = false;       // BSD's a
    bool without_terminal = false;  // BSD's x

    std::vector<std::uint32_t> pids, parents, sessions, users;
    std::vector<std::string> terminals, names, containers;

    // `own`: the process that asks.
    [[nodiscard]] bool means(const Process& process, const Process& own) const;

private:
    [[nodiscard]] bool names_any() const;
    [[nodiscard]] bool is_in_scope(const Process& process, const Process& own) const;
};

}  // namespace top
