// SPDX-License-Identifier: MIT
// Changes to the text of /etc/users.toml. All that a person wrote stays as it is, comments and order too, but for
// the one thing that is to change. Each change is read again and compared: where a text is written in a form
// that this does not understand, nothing is given, and it must be changed by hand.
#pragma once

#include "apps/accounts/users.hpp"

namespace accounts {

std::optional<std::string> with_password(std::string_view text, std::string_view name,
                                         const std::string& hash);
std::optional<std::string> with_user(std::string_view text, const User& user);
// His table, from its head to its last value. Comments before it and after it stay.
std::optional<std::string> without_user(std::string_view text, std::string_view name);

}  // namespace accounts
