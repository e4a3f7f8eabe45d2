// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include "libs/procfs/process.hpp"

namespace procfs {

namespace {

// What it was told to do, as it may be shown: an argument is a word, whatever is in it.
std::string command_line(std::string text) {
    while (!text.empty() && text.back() == '\0') text.pop_back();
    std::ranges::replace(text, '\0', ' ');
    return printable(text);
}

std::optional<Process> read_process(const std::string& folder) {
    Process process;
    if (!parse_stat(read_file(folder + "/stat"), process) ||
        !parse_status(read_file(folder + "/status"), process))
        return std::nullopt;
    process.name = printable(process.name);
    process.arguments = command_line(read_file(folder + "/cmdline"));
    return process;
}

}  // namespace

std::string read_file(const std::string& path) {
    std::string text;
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return text;
    char buffer[4096];
    ssize_t count;
    while ((count = read(file, buffer, sizeof buffer)) > 0 || (count < 0 && errno == EINTR))
        text.append(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    close(file);
    return text;
}

std::optional<std::vector<Process>> list() {
    DIR* directory = opendir("/proc");
    if (directory == nullptr) return std::nullopt;
    std::vector<Process> result;
    while (const dirent* entry = readdir(directory)) {
        if (!parse_number(entry->d_name)) continue;
        if (auto process = read_process(std::string("/proc/") + entry->d_name))
            result.push_back(std::move(*process));
    }
    closedir(directory);
    std::ranges::sort(result, {}, &Process::pid);
    return result;
}

std::int64_t boot_time() {
    return static_cast<std::int64_t>(number_after(read_file("/proc/stat"), "\nbtime"));
}

}  // namespace procfs
