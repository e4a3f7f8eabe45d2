// SPDX-License-Identifier: MIT
// Questions to the person at a terminal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libs/accounts/secret.hpp"

namespace accounts {

class Prompt {
public:
    // On two open descriptors, which stay the caller's.
    Prompt(int in, int out) : in_(in), out_(out) {}
    // On the controlling terminal; without one, on standard input and standard error.
    static Prompt of_session();

    void write(std::string_view text) const;
    // A line without its end; nothing at the end of input. Of a line that is too long only the start is given.
    std::optional<std::string> read_line() const;
    // The same for a password, unseen: nothing is echoed from before the question is written. False at the
    // end of input, and where the terminal would show it.
    bool read_secret(std::string_view question, Secret& secret) const;

private:
    int in_, out_;
};

}  // namespace accounts
