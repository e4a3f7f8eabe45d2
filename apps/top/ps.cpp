// SPDX-License-Identifier: MIT
#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <iterator>

#include "apps/top/commands.hpp"
#include "apps/top/ps_options.hpp"

namespace top {

namespace {

constexpr std::string_view usage =
    "ps [-eAadfljw] [-o COLUMNS] [-p PIDS] [-u USERS] [-t TTYS] [-C NAMES]\n"
    "          [--sort [-]COLUMN] [--container NAME] [--containers] [--no-headers]\n"
    "       ps [axuljwh]";

std::size_t columns_of_terminal() {
    winsize size{};
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

System read_system(std::string passwd) {
    System system{.passwd = std::move(passwd), .boot_time = procfs::boot_time()};
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    system.uptime = (static_cast<std::uint64_t>(now.tv_sec) * 1'000 +
                     static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000) *
                    procfs::ticks_per_second / 1'000;
    system.memory_kib = procfs::number_after(procfs::read_file("/proc/meminfo"), "MemTotal");
    return system;
}

}  // namespace

int ps(Words words) {
    std::string passwd = procfs::read_file("/etc/passwd");
    const auto options = parse_ps(words, passwd);
    if (!options) {
        complain(options.error());
        return show_usage(usage);
    }
    const auto all = procfs::list();
    if (!all) return complain(std::string("can't open '/proc': ") + std::strerror(errno));
    const auto self = std::ranges::find(*all, static_cast<std::uint32_t>(getpid()), &Process::pid);
    Process own;
    own.user = getuid();
    if (self != all->end()) own = *self;

    const System system = read_system(std::move(passwd));
    std::vector<Process> chosen;
    std::ranges::copy_if(*all, std::back_inserter(chosen), [&](const Process& process) {
        return options->selection.means(process, own);
    });
    if (options->sorted_by != nullptr)
        sort_by(chosen, system, *options->sorted_by, options->backwards);
    print(table(chosen, system, options->shown, options->wide ? 0 : columns_of_terminal(),
                options->with_head));
    return chosen.empty() ? status_failure : 0;
}

}  // namespace top
