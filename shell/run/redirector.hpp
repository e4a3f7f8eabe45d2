// SPDX-License-Identifier: MIT
// Redirections, and their undoing.
//
// In a process that will run a program they stay; in the shell itself the descriptors that they
// replaced are kept aside and put back when the Redirector goes out of scope.
#pragma once

#include <string>
#include <vector>

#include "shell/expand/expander.hpp"
#include "shell/syntax/ast.hpp"

namespace shell {

class Redirector {
public:
    enum class Undo { yes, no };

    // `keeps_files`: `>` alone does not overwrite a file (set -C).
    Redirector(Undo undo, bool keeps_files) : undo_(undo), keeps_files_(keeps_files) {}
    ~Redirector();
    Redirector(const Redirector&) = delete;
    Redirector& operator=(const Redirector&) = delete;

    // All, in order; the error is a message. What was done before an error is undone with the rest.
    Expanded<void> apply(const std::vector<Redirection>& redirections, Expander& expander);

    // Leaves things as they are: for `exec`.
    void keep() { saved_.clear(); }

private:
    Expanded<void> apply_one(const Redirection& redirection, Expander& expander);
    Expanded<void> document(const Redirection& redirection, Expander& expander);
    Expanded<void> duplicate(const Redirection& redirection, const std::string& target);
    int open_target(Redirection::Kind kind, const char* path) const;
    Expanded<void> replace(int descriptor, int by);

    struct Saved {
        int descriptor;
        int copy;  // -1: it was closed
    };
    Undo undo_;
    bool keeps_files_;
    std::vector<Saved> saved_;
};

}  // namespace shell
