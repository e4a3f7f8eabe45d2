// SPDX-License-Identifier: MIT
// A user's session, from the right password to the logout.
#pragma once

#include "apps/login/terminal.hpp"
#include "apps/login/users.hpp"

namespace login {

// Starts the user's shell on the terminal, and waits until it has ended.
void run_session(const Terminal& terminal, const User& user);

}  // namespace login
