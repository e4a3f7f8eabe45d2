// SPDX-License-Identifier: MIT
#include "linux/process/interpreter.hpp"

#include <algorithm>
#include <iterator>

#include "abi/linux/file.hpp"
#include "linux/process/script.hpp"

namespace linux {
namespace {

constexpr int most_interpreters = 4;  // scripts that are run by scripts

}  // namespace

Result<fd::Executable> resolve_script(fd::Executable executable, std::string_view path,
                                      std::vector<std::string>& arguments, FileStart& start) {
    std::string shown{path};
    for (int depth = 0; depth <= most_interpreters; ++depth) {
        TRY(read_start(executable.file, start));
        const auto line =
            parse_script_line(start.read().first(std::min(start.length, longest_script_line)));
        if (!line) {
            return executable;
        }
        if (line->interpreter.empty()) {
            return base::fail(Errno::enoexec);
        }
        std::vector<std::string> fresh{std::string{line->interpreter}};
        if (!line->argument.empty()) {
            fresh.emplace_back(line->argument);
        }
        fresh.push_back(shown);
        if (!arguments.empty()) {
            fresh.insert(fresh.end(), std::make_move_iterator(arguments.begin() + 1),
                         std::make_move_iterator(arguments.end()));
        }
        arguments = std::move(fresh);
        shown = arguments[0];
        executable = TRY(fd::open_executable(linux_abi::at_cwd, shown, 0));
    }
    return base::fail(Errno::eloop);
}

}  // namespace linux
