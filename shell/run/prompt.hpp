// SPDX-License-Identifier: MIT
// What a person's shell shows before it reads a line.
#pragma once

#include <string>

#include "shell/run/session.hpp"

namespace shell {

// PS1 with its escapes (\u user, \h host, \w directory with ~, \W its last name, \$ `$` or `#`, \n, \e, \\; \[ and \] are
// dropped) and expansions carried out; without PS1 admin@cluu:~$, in colours if the terminal has them.
std::string prompt(Session& session);
// PS2, for the lines after the first.
std::string continuation_prompt(Session& session);

}  // namespace shell
