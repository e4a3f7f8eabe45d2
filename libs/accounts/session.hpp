// SPDX-License-Identifier: MIT
// What a program does when the server has made it another user's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace accounts {

struct Person {
    std::uint32_t user = 0, group = 0;
    std::string name, home, shell;
};

// The Linux library hears of it: what it remembers of files was the former user's.
void settle_identity(const Person& person);

inline constexpr const char* search_path = "/bin:/usr/bin";

// The environment of a session that begins here: the person's, and the terminal's type.
std::vector<std::string> fresh_environment(const Person& person);
// The environment that is there already, with what says whose it is replaced.
std::vector<std::string> changed_environment(const Person& person);

// The name that tells a shell that it is a login shell.
std::string login_name_of(const std::string& shell);

// execve; found in `search_path` if it has no slash in it. Comes back if it fails, with errno.
void execute(const std::string& program, std::vector<std::string> arguments,
             std::vector<std::string> environment);

}  // namespace accounts
