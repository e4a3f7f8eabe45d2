// SPDX-License-Identifier: MIT
// Protocol `accounts`: who is who. The server (apps/accounts) alone reads and writes /etc/users.toml, and
// alone can make a process another user's (process::ChangeClient). The capability comes from
// process::GetService("accounts"); its badge says which process calls, so nobody can claim to be another.
//
// A payload is texts, each with a zero byte after it; what is not needed is empty. Passwords stand in
// the message page: each side wipes its own as soon as it has read it.
//
// What the server decides is an answer, not an error: `outcome` says how it ended, and the reply's
// payload what there is to say to the person (below).
#pragma once

#include <cstddef>
#include <cstdint>

namespace accounts {

struct Accounts;

inline constexpr std::size_t longest_request = 2048;
inline constexpr std::size_t longest_answer = 2048;
inline constexpr std::size_t longest_password = 255;  // bytes
inline constexpr std::size_t longest_name = 32;
inline constexpr std::uint32_t any_id = ~std::uint32_t{0};

enum class Outcome : std::uint32_t {
    done,
    needs_password,  // the caller's own, or for log_in and switch_to that of whom he wants to be
    wrong,           // the password; or there is no such user. Comes after a pause
    too_soon,        // the pause after an earlier wrong password is not over
    refused,         // the payload says why
};

// The reply's payload: what is wrong with /etc/users.toml at present (may be empty), then the text that
// goes with the outcome: for `refused` the reason, for `done` what the operation says. No line feeds.
struct Answer {
    Outcome outcome = Outcome::done;
    std::uint32_t user = 0, group = 0;
    std::uint32_t reserved = 0;
};

// The caller becomes another user, and his next image may have that user's profiles.
// Payload: the user's name, a password, and, for `administer`, the command (for the log).
// Done: the user's home, his shell.
struct Become {
    static constexpr std::uint16_t label = 1;
    static constexpr std::size_t payload = longest_request;
    static constexpr std::size_t reply_payload = longest_answer;
    // log_in: by the user's password. switch_to: likewise, but user 0 needs none. administer: by the
    // caller's own password, if he is an administrator and has not given it in this session of late.
    static constexpr std::uint32_t log_in = 0, switch_to = 1, administer = 2;
    std::uint32_t how = log_in;
    using Reply = Answer;
};

// What was remembered for the caller's session (Become::administer) is forgotten.
struct Forget {
    static constexpr std::uint16_t label = 2;
    static constexpr std::size_t reply_payload = longest_answer;
    using Reply = Answer;
};

// Payload: the user's name (empty: the caller), the caller's own password, the new one. User 0 needs no
// password. With `only_ask` nothing is changed: may the caller, and is the password right?
struct SetPassword {
    static constexpr std::uint16_t label = 3;
    static constexpr std::size_t payload = longest_request;
    static constexpr std::size_t reply_payload = longest_answer;
    std::uint32_t only_ask = 0;
    using Reply = Answer;
};

// Administrators only, as with Become::administer. Payload: the new user's name, the caller's password,
// the shell (empty: the usual one). Done: his home.
struct AddUser {
    static constexpr std::uint16_t label = 4;
    static constexpr std::size_t payload = longest_request;
    static constexpr std::size_t reply_payload = longest_answer;
    std::uint32_t id = any_id;
    std::uint32_t administrator = 0;
    using Reply = Answer;
};

// Likewise. Payload: the user's name, the caller's password. Done: his home, which is left as it is.
struct RemoveUser {
    static constexpr std::uint16_t label = 5;
    static constexpr std::size_t payload = longest_request;
    static constexpr std::size_t reply_payload = longest_answer;
    using Reply = Answer;
};

}  // namespace accounts
