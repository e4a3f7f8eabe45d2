// SPDX-License-Identifier: MIT
#include "shell/line/names.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include "shell/run/executor.hpp"

namespace shell {

namespace {

// Calls `take` with each line.
template <class Take>
void for_each_line(std::string_view text, Take&& take) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        take(line);
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
}

// What the program writes; its complaints are not shown in the middle of a line that is being edited.
std::string output_of_program(const std::string& path, std::vector<const char*> words) {
    std::string output;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return output;
    words.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
        const int nothing = open("/dev/null", O_RDWR);
        dup2(nothing, STDIN_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        execv(path.c_str(), const_cast<char* const*>(words.data()));
        _exit(127);
    }
    close(ends[1]);
    char buffer[1024];
    ssize_t count = 0;
    while (child > 0 && ((count = read(ends[0], buffer, sizeof buffer)) > 0 || errno == EINTR)) {
        if (count > 0) output.append(buffer, static_cast<std::size_t>(count));
        if (count == 0) break;
    }
    close(ends[0]);
    while (child > 0 && waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    return output;
}

}  // namespace

std::vector<std::string> user_names() {
    std::vector<std::string> names;
    for_each_line(file_contents("/etc/passwd").value_or(""), [&](std::string_view line) {
        names.emplace_back(line.substr(0, line.find(':')));
    });
    return names;
}

std::vector<std::pair<std::string, std::string>> process_names() {
    std::vector<std::pair<std::string, std::string>> processes;
    DIR* directory = opendir("/proc");
    while (dirent* entry = directory != nullptr ? readdir(directory) : nullptr) {
        const std::string id = entry->d_name;
        if (!std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; })) continue;
        if (id == std::to_string(getpid())) continue;
        std::string name = file_contents("/proc/" + id + "/comm").value_or("");
        processes.emplace_back(id, name.substr(0, name.find('\n')));
    }
    if (directory != nullptr) closedir(directory);
    std::ranges::sort(processes, {},
                      [](const auto& one) { return std::pair(one.first.size(), one.first); });
    return processes;
}

std::vector<std::string> container_names(const Variables& variables, bool also_ended) {
    std::vector<std::string> names;
    const std::string path = find_program(variables, "container");
    if (path.empty()) return names;
    std::vector<const char*> words{"container", "ls"};
    if (also_ended) words.push_back("-a");
    bool heading = true;
    for_each_line(output_of_program(path, words), [&](std::string_view line) {
        const std::size_t id_end = std::min(line.find(' '), line.size());
        line.remove_prefix(std::min(line.find_first_not_of(' ', id_end), line.size()));
        if (!std::exchange(heading, false) && !line.empty())
            names.emplace_back(line.substr(0, line.find(' ')));
    });
    return names;
}

}  // namespace shell
