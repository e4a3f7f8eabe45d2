// SPDX-License-Identifier: MIT
// The terminal that somebody logs in at.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apps/login/password.hpp"

namespace login {

class Terminal {
public:
    // An empty path: the terminal that is standard input already.
    explicit Terminal(std::string path) : path_(std::move(path)) {}

    // Opens it as standard input, output and error, without making it the controlling terminal, and sets ordinary modes.
    // To be called before each login: when the last session ended, its descriptors were hung up.
    bool open() const;

    // In the process that becomes the user's shell: a session of its own, with this as the controlling terminal.
    void make_controlling() const;

    void write(std::string_view text) const;

    // A line without its end; nothing at the end of input. Of a line that is too long only the start is given.
    std::optional<std::string> read_line() const;
    // The same for a password, unseen: nothing is echoed from before the question is written.
    bool read_secret(std::string_view question, Secret& secret) const;

private:
    std::string path_;
};

}  // namespace login
