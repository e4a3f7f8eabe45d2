// SPDX-License-Identifier: MIT
// The commands, each given its words after the first. -> the exit status.
#pragma once

#include <span>
#include <string>

namespace account {

using Words = std::span<const std::string>;

int passwd(Words words);
int su(Words words);
int sudo(Words words);
int useradd(Words words);
int userdel(Words words);
int who(Words words);

inline constexpr int status_wrong_use = 2;

// Standard error: "NAME: what". -> 1
int complain(const std::string& what);
int show_usage(const std::string& usage);

}  // namespace account
