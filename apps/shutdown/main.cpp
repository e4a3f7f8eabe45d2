// SPDX-License-Identifier: MIT
// shutdown: ends everything in order, and switches the machine off, or starts it again.
#include <sys/reboot.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

#include "apps/shutdown/request.hpp"

namespace shutdown_tool {

namespace {

constexpr int status_failure = 1, status_wrong_use = 2;

// To the minute, as it is asked for.
void say_when(const Request& request, std::time_t now) {
    const std::time_t then = now + static_cast<std::time_t>(request.seconds);
    std::tm parts{};
    char date[32] = "";
    if (gmtime_r(&then, &parts) != nullptr) std::strftime(date, sizeof date, "%F %R", &parts);
    (void)std::printf("The system ends at %s (UTC); Ctrl-C calls it off.\n", date);
    (void)std::fflush(stdout);
}

int run(std::span<const std::string> words) {
    const std::time_t now = std::time(nullptr);
    const auto request = parse(words, static_cast<std::uint64_t>(now));
    if (!request) {
        (void)std::fputs("usage: shutdown [-h|-P|-H|-r] [now|+MINUTES|HH:MM]\n", stderr);
        return status_wrong_use;
    }
    if (request->seconds != 0) {
        say_when(*request, now);
        timespec rest{.tv_sec = static_cast<std::time_t>(request->seconds), .tv_nsec = 0};
        while (nanosleep(&rest, &rest) != 0 && errno == EINTR) {
        }
    }
    constexpr unsigned ways[] = {RB_POWER_OFF, RB_HALT_SYSTEM, RB_AUTOBOOT};
    if (reboot(static_cast<int>(ways[static_cast<std::size_t>(request->end)])) == 0) return 0;
    (void)std::fprintf(stderr, "shutdown: %s\n", std::strerror(errno));
    return status_failure;
}

}  // namespace

}  // namespace shutdown_tool

int main(int count, char** words) {
    const std::vector<std::string> all(words, words + count);
    return shutdown_tool::run(std::span(all).subspan(all.empty() ? 0 : 1));
}
