// SPDX-License-Identifier: MIT
// From the name to the logout, or to a wrong password.
#pragma once

#include <string>

#include "apps/login/terminal.hpp"

namespace login {

// Asks for the password, starts the user's shell on the terminal, and waits until it has ended.
void run_session(const Terminal& terminal, const std::string& name);

}  // namespace login
