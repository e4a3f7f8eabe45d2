// SPDX-License-Identifier: MIT
// Who there is: the contents of /etc/users.toml.
//
//     [[group]]
//     name = "admin"                # its members administer: they may use sudo, useradd and so on
//     id = 1000
//
//     [[user]]
//     name = "admin"
//     id = 1000
//     group = 1000                  # optional: the id
//     groups = [10, 20]             # optional: further groups
//     home = "/home/admin"
//     shell = "/bin/shell"          # optional
//     profiles = ["supervisor"]     # optional: what the user's containers may have of `supervisor` and `admin`
//     containers = ["shell", "ls"]  # optional: the images that the user may run, his shell's among them; else all
//     password = "$argon2id$..."    # as `passwd` writes it; without it nobody logs in as this user. Where it begins
//                                   # with $tpm2$, only the TPM of this machine can check it (password.hpp)
//
// A file with any mistake is refused as a whole: half of a list of users may be the wrong half.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace accounts {

// Where something stands in the text: lines from 1; columns too, and the last one is not of it any more.
struct Place {
    std::uint32_t line = 0, column = 0;
    std::uint32_t end_line = 0, end_column = 0;
};

struct User {
    std::string name;
    std::uint32_t id = 0;
    std::uint32_t group = 0;
    std::vector<std::uint32_t> groups;
    std::string home;
    std::string shell = "/bin/shell";
    std::string password_hash;
    std::optional<std::uint32_t> profiles;  // cluufile::Profile bits
    std::optional<std::string> containers;  // the images' names, a zero byte after each
    Place place;                            // of its table
    Place password_place;                   // if there is a password

    // The places apart.
    friend bool operator==(const User& a, const User& b);
};

struct Group {
    std::string name;
    std::uint32_t id = 0;
    friend bool operator==(const Group&, const Group&) = default;
};

inline constexpr std::string_view administrators = "admin";  // a group's name

struct Users {
    std::vector<User> users;
    std::vector<Group> groups;

    // User 0 is there even if the file does not name him: without a password, so nobody logs in as him.
    [[nodiscard]] const User* find(std::string_view name) const;
    [[nodiscard]] const User* find(std::uint32_t id) const;
    [[nodiscard]] bool administers(const User& user) const;
    // What his first container may have although its starter has not.
    [[nodiscard]] std::uint32_t profiles_of(const User& user) const;
    [[nodiscard]] std::optional<std::uint32_t> group_named(std::string_view name) const;

    friend bool operator==(const Users&, const Users&) = default;
};

struct UsersError {
    std::uint32_t line = 0, column = 0;
    std::string message;
};

std::expected<Users, UsersError> parse_users(std::string_view text);

// Can it stand in a path, before a prompt and in a log without surprise? Why not, or nothing.
std::optional<std::string> wrong_name(std::string_view name);

// What programs for Linux read: /etc/passwd and /etc/group.
std::string passwd_text(const Users& users);
std::string group_text(const Users& users);

}  // namespace accounts
