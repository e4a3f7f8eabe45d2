// SPDX-License-Identifier: MIT
// What `set` switches on and off (POSIX.1-2024, 2.15 set).
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace shell {

struct Options {
    bool export_all = false;      // -a  what is assigned is exported
    bool exit_on_error = false;   // -e
    bool no_globbing = false;     // -f  names of files are not expanded
    bool no_execution = false;    // -n  scripts are only read
    bool unset_is_error = false;  // -u
    bool shows_input = false;     // -v
    bool shows_commands = false;  // -x
    bool monitor = false;         // -m  job control
    bool keeps_files = false;     // -C  `>` does not overwrite a file
    bool pipe_failure = false;    //     a pipeline fails with any of its commands
};

struct OptionName {
    char letter;  // 0: none
    std::string_view name;
    bool Options::* field;
};
std::span<const OptionName> option_names();
const OptionName* find_option(char letter);
const OptionName* find_option(std::string_view name);

// The letters of those that are on, for $-.
std::string option_letters(const Options& options);

}  // namespace shell
