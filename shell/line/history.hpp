// SPDX-License-Identifier: MIT
// The lines that were entered, kept across logins in a file with one line each.
//
// Several shells may share the file: each appends its lines as they are entered. It is cut to
// `limit` lines when it is read and has become twice as long.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace shell {

class History {
public:
    static constexpr std::size_t limit = 1000;
    static constexpr std::size_t longest = 64 * 1024;

    // Reads the file, if there is one; from now on lines are appended to it.
    void open(std::string path);

    // Lines that are blank, begin with a blank, repeat the one before or hold control bytes are not
    // kept, nor those by which `fc` shows or repeats others.
    void add(std::string_view line);

    const std::vector<std::string>& lines() const { return lines_; }

private:
    void rewrite() const;

    std::vector<std::string> lines_;
    std::string path_;
};

}  // namespace shell
