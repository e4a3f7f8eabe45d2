// SPDX-License-Identifier: MIT
// The subcommands: each is given the words after its name, and gives the exit status.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace container_tool {

using Arguments = std::span<char* const>;

inline constexpr int status_failure = 1;
inline constexpr int status_usage = 2;

// run.cpp
int run_command(Arguments arguments);
int exec_command(Arguments arguments);
// control_command.cpp
int kill_command(Arguments arguments);
int wait_command(Arguments arguments);
int restart_command(Arguments arguments);
int top_command(Arguments arguments);
int stats_command(Arguments arguments);
// logs_command.cpp
int logs_command(Arguments arguments);
// manage.cpp
int list_command(Arguments arguments);
int stop_command(Arguments arguments);
int remove_command(Arguments arguments);
// inspect_command.cpp
int inspect_command(Arguments arguments);
// explain_command.cpp
int explain_command(Arguments arguments);
int diff_command(Arguments arguments);
// archive_command.cpp
int import_command(Arguments arguments);
int export_command(Arguments arguments);
int remove_image_command(Arguments arguments);
// build_command.cpp
int build_command(Arguments arguments);
// trace_command.cpp
int trace_command(Arguments arguments);
// images_command.cpp
int images_command(Arguments arguments);
int check_command(Arguments arguments);

// `--format json`, or `--format=json`, off the front: for another program to read.
bool take_json(Arguments& arguments);

void print(std::string_view text);
// `container: MESSAGE` on standard error; gives status_failure.
int complain(std::string_view message);
// On standard error, as it is.
void complain_with(std::string_view text);
std::string working_directory();
// Shows how the command is meant; gives status_usage.
int usage_error(std::string_view command);

}  // namespace container_tool
