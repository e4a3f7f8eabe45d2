// SPDX-License-Identifier: MIT
// The terminal that somebody logs in at: standard input, output and error.
#pragma once

#include <string>

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

private:
    std::string path_;
};

}  // namespace login
