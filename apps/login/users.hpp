// SPDX-License-Identifier: MIT
// Who may log in: the contents of /etc/users.toml.
//
//     [[user]]
//     name = "admin"
//     id = 1000
//     group = 1000                  # optional: the id
//     groups = [10, 20]             # optional: further groups
//     home = "/home/admin"
//     shell = "/bin/shell"          # optional
//     password = "$argon2id$..."    # as `login --hash` prints it; without it nobody logs in as this user
//
// A file with any mistake is refused as a whole: half of a list of users may be the wrong half.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace login {

struct User {
    std::string name;
    std::uint32_t id = 0;
    std::uint32_t group = 0;
    std::vector<std::uint32_t> groups;
    std::string home;
    std::string shell = "/bin/shell";
    std::string password_hash;
};

struct UsersError {
    std::uint32_t line = 0, column = 0;  // 0: the file as a whole
    std::string message;
};

std::expected<std::vector<User>, UsersError> parse_users(std::string_view text);

}  // namespace login
