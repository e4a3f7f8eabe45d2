// SPDX-License-Identifier: MIT
#include "linux/process/interpreter.hpp"

#include <array>
#include <iterator>

#include "abi/linux/file.hpp"
#include "linux/process/loader.hpp"
#include "linux/process/script.hpp"

namespace linux {
namespace {

constexpr int most_interpreters = 4;  // scripts that are run by scripts

}  // namespace

Result<fd::Executable> resolve_script(fd::Executable executable, std::string_view path,
                                      std::vector<std::string>& arguments) {
    std::string shown{path};
    for (int depth = 0; depth <= most_interpreters; ++depth) {
        std::array<std::byte, longest_script_line> start;
        const std::size_t got = TRY(read_file(executable.file, 0, start));
        const auto line = parse_script_line(std::span{start}.first(got));
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
