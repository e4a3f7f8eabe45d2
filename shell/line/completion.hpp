// SPDX-License-Identifier: MIT
// What a word that has been begun could become: commands, files, images, containers, processes, jobs, users.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shell/expand/variables.hpp"
#include "shell/run/jobs.hpp"

namespace shell {

struct Completion {
    struct Candidate {
        std::string text;      // takes the word's place, with what is special to the shell escaped
        std::string shown;     // in a list
        bool complete = true;  // a blank may follow; not after a directory
    };
    std::size_t start = 0;  // where the word begins
    std::vector<Candidate> candidates;
};

class Completer {
public:
    // `text` ends at the cursor.
    virtual Completion complete(std::string_view text) = 0;

protected:
    ~Completer() = default;
};

// The shell's own: the first word of a command is a builtin or a program in PATH; after `spawn` and the like stands an
// image; after `kill`, `fg`, `su`, `container stop` and the like what these take; all else are files.
class ShellCompleter final : public Completer {
public:
    ShellCompleter(const Variables& variables, JobTable& jobs)
        : variables_(variables), jobs_(jobs) {}
    Completion complete(std::string_view text) override;

private:
    void add_jobs(const std::string& word, Completion& completion);

    const Variables& variables_;
    JobTable& jobs_;
};

// The last word of a text as the shell will see it, where it begins, and the words of the same command before it.
struct WordAtCursor {
    std::size_t start = 0;
    std::string word;  // without quotes
    std::vector<std::string> before;
};
WordAtCursor word_at_cursor(std::string_view text);

}  // namespace shell
