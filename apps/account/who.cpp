// SPDX-License-Identifier: MIT
// who: the sessions that have a terminal.
#include <unistd.h>
#include <algorithm>
#include <ctime>

#include "apps/account/commands.hpp"
#include "libs/procfs/process.hpp"

namespace account {

namespace {

// A session with a terminal is there as long as the process that leads it; login itself has the terminal, too, as long as
// nobody is there.
bool is_login(const procfs::Process& process) {
    return process.terminal != 0 && process.session == process.pid &&
           (process.user != 0 || process.name != "login");
}

std::string column(std::string text, std::size_t width) {
    text.resize(std::max(text.size() + 1, width), ' ');
    return text;
}

}  // namespace

int who(Words words) {
    if (!words.empty()) return show_usage("who");
    auto logins = procfs::list().value_or(std::vector<procfs::Process>{});
    std::erase_if(logins, [](const procfs::Process& process) { return !is_login(process); });
    std::ranges::sort(logins, {}, &procfs::Process::started);
    const std::string passwd = procfs::read_file("/etc/passwd");
    const std::int64_t start = procfs::boot_time();
    std::string text;
    for (const procfs::Process& login : logins) {
        const auto since =
            start + static_cast<std::time_t>(login.started / procfs::ticks_per_second);
        std::tm parts{};
        char date[32] = "";
        if (gmtime_r(&since, &parts) != nullptr) std::strftime(date, sizeof date, "%F %R", &parts);
        text += column(procfs::user_name(passwd, login.user), 12) +
                column(procfs::terminal_name(login.terminal), 10) + date + "\n";
    }
    return write(STDOUT_FILENO, text.data(), text.size()) < 0 ? 1 : 0;
}

}  // namespace account
