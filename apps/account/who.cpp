// SPDX-License-Identifier: MIT
// who: the sessions that have a terminal.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>
#include <vector>

#include "apps/account/commands.hpp"
#include "apps/account/sessions.hpp"

namespace account {

namespace {

constexpr int ticks_per_second = 100;

struct Login {
    ProcessLine process;
    std::uint32_t user = 0;
};

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// login itself has the terminal, too, as long as nobody is there.
bool waits_for_a_login(const Login& login) {
    return login.user == 0 && login.process.name == "login";
}

std::vector<Login> logins() {
    std::vector<Login> result;
    DIR* directory = opendir("/proc");
    if (directory == nullptr) return result;
    while (const dirent* entry = readdir(directory)) {
        const std::string path = std::string("/proc/") + entry->d_name;
        struct stat status{};
        if (entry->d_name[0] < '0' || entry->d_name[0] > '9' || stat(path.c_str(), &status) != 0)
            continue;
        auto process = parse_process(read_file(path + "/stat"));
        if (!process || process->terminal == 0 || process->session != process->pid) continue;
        Login login{std::move(*process), status.st_uid};
        if (!waits_for_a_login(login)) result.push_back(std::move(login));
    }
    closedir(directory);
    std::ranges::sort(result, {}, [](const Login& login) { return login.process.started; });
    return result;
}

// When the system was started, in seconds since 1970; /proc/stat, `btime`.
std::time_t boot_time() {
    constexpr std::string_view word = "\nbtime ";
    const std::string text = read_file("/proc/stat");
    const std::size_t at = text.find(word);
    std::time_t seconds = 0;
    if (at != text.npos)
        std::from_chars(text.data() + at + word.size(), text.data() + text.size(), seconds);
    return seconds;
}

std::string column(std::string text, std::size_t width) {
    text.resize(std::max(text.size() + 1, width), ' ');
    return text;
}

}  // namespace

int who(Words words) {
    if (!words.empty()) return show_usage("who");
    const std::string passwd = read_file("/etc/passwd");
    const std::time_t start = boot_time();
    std::string text;
    for (const Login& login : logins()) {
        const std::time_t since =
            start + static_cast<std::time_t>(login.process.started / ticks_per_second);
        std::tm parts{};
        char date[32] = "";
        if (gmtime_r(&since, &parts) != nullptr) std::strftime(date, sizeof date, "%F %R", &parts);
        text += column(user_name(passwd, login.user), 12) +
                column(terminal_name(login.process.terminal), 10) + date + "\n";
    }
    return write(STDOUT_FILENO, text.data(), text.size()) < 0 ? 1 : 0;
}

}  // namespace account
