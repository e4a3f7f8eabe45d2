// SPDX-License-Identifier: MIT
#include <poll.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "apps/top/commands.hpp"
#include "apps/top/screen.hpp"
#include "apps/top/view.hpp"

namespace top {

namespace {

constexpr std::string_view usage =
    "top [-bc] [-n TIMES] [-d SECONDS] [-o cpu|mem|msgs|time|pid] [-u USER]\n"
    "           [-p PIDS] [--container NAME]";

volatile std::sig_atomic_t resized = 0, ended = 0;

std::uint64_t milliseconds_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000 +
           static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

struct Settings {
    View::Options view;
    bool batch = false;
    std::uint64_t times = 0;  // 0: without end
    std::uint64_t pause_ms = 2'000;
};

// Seconds, perhaps with a fraction, as milliseconds: a tenth of a second at least.
std::optional<std::uint64_t> parse_pause(const std::string& text) {
    char* end = nullptr;
    const double seconds = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(seconds >= 0.1) || seconds > 86'400) return std::nullopt;
    return static_cast<std::uint64_t>(seconds * 1'000);
}

bool add_pids(std::string_view text, std::vector<std::uint32_t>& pids) {
    while (!text.empty()) {
        const std::string_view part = text.substr(0, text.find(','));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        const auto number = procfs::parse_number(part);
        if (!number || *number > 0xffff'ffff) return false;
        pids.push_back(static_cast<std::uint32_t>(*number));
    }
    return !pids.empty();
}

bool set_value(Settings& settings, char option, const std::string& value) {
    switch (option) {
        case 'n':
            settings.times = procfs::parse_number(value).value_or(0);
            return settings.times != 0;
        case 'd': settings.pause_ms = parse_pause(value).value_or(0); return settings.pause_ms != 0;
        case 'o': {
            const auto order = parse_order(value);
            settings.view.order = order.value_or(Order::cpu);
            return order.has_value();
        }
        case 'p': return add_pids(value, settings.view.pids);
        case 'u': settings.view.user = value; return !value.empty();
        default:  return false;
    }
}

// Options in one word: flags, and at the end perhaps one with a value, there or in the next word.
bool take_options(Settings& settings, std::string_view letters, Words& rest) {
    for (; !letters.empty(); letters.remove_prefix(1)) {
        if (letters[0] == 'b') {
            settings.batch = true;
        } else if (letters[0] == 'c') {
            settings.view.by_container = true;
        } else if (letters.size() > 1) {
            return set_value(settings, letters[0], std::string(letters.substr(1)));
        } else if (!rest.empty()) {
            const std::string& value = rest[0];
            rest = rest.subspan(1);
            return set_value(settings, letters[0], value);
        } else {
            return false;
        }
    }
    return true;
}

// Nothing: they are not right.
std::optional<Settings> parse(Words words) {
    constexpr std::string_view container = "--container";
    Settings settings;
    while (!words.empty()) {
        const std::string_view word = words[0];
        words = words.subspan(1);
        if (word == container && !words.empty()) {
            settings.view.container = words[0];
            words = words.subspan(1);
        } else if (word.starts_with(container) && word.substr(container.size()).starts_with('=')) {
            settings.view.container = word.substr(container.size() + 1);
        } else if (!word.starts_with('-') || word.size() < 2 ||
                   !take_options(settings, word.substr(1), words)) {
            return std::nullopt;
        }
    }
    return settings;
}

// False, with errno: there is no /proc.
bool take_snapshot(View& view) {
    Snapshot now;
    auto processes = procfs::list();
    if (!processes) return false;
    now.processes = std::move(*processes);
    now.at_ns = milliseconds_now() * 1'000'000;
    read_system_files(now, procfs::read_file("/proc/stat"), procfs::read_file("/proc/meminfo"),
                      procfs::read_file("/proc/loadavg"));
    view.take(now, std::time(nullptr));
    return true;
}

int no_processes() { return complain(std::string("can't open '/proc': ") + std::strerror(errno)); }

int run_batch(View& view, const Settings& settings) {
    for (std::uint64_t i = 0; settings.times == 0 || i < settings.times; ++i) {
        if (i != 0) {
            (void)poll(nullptr, 0, static_cast<int>(settings.pause_ms));
            if (!print("\n") || !take_snapshot(view)) return status_failure;
        }
        std::string text;
        for (const Line& line : view.lines({.lines = 0, .columns = 0})) text += line.text + "\n";
        if (!print(text)) return status_failure;
    }
    return 0;
}

std::string text_of(const View::Kill& kill, int error) {
    const std::string pid = std::to_string(kill.pid);
    return error == 0 ? "Sent " + std::string(sigabbrev_np(kill.signal)) + " to " + pid
                      : pid + ": " + std::strerror(error);
}

// True: the end is wanted.
bool press(View& view, Screen& screen, int key, bool& refresh) {
    if (key < 0) return true;
    const View::Outcome outcome = view.press(key);
    if (outcome.kill)
        view.tell(text_of(
            *outcome.kill,
            kill(static_cast<pid_t>(outcome.kill->pid), outcome.kill->signal) == 0 ? 0 : errno));
    if (outcome.stop) screen.stop();
    refresh = refresh || outcome.refresh || outcome.stop;
    return outcome.quit;
}

int run_screen(View& view, const Settings& settings, Screen& screen) {
    std::uint64_t due = milliseconds_now() + settings.pause_ms, times = 1;
    while (ended == 0) {
        std::uint64_t now = milliseconds_now();
        if (now >= due) {
            if (settings.times != 0 && times++ == settings.times) return 0;
            if (!take_snapshot(view)) return status_failure;
            due = now + settings.pause_ms;
        }
        if (resized != 0) {
            resized = 0;
            screen.forget();
        }
        if (!screen.show(view.lines(Screen::size()))) return status_failure;
        now = milliseconds_now();
        pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        if (poll(&input, 1, now >= due ? 0 : static_cast<int>(due - now)) <= 0) continue;
        bool refresh = false;
        for (const int key : Screen::read_keys()) {
            if (press(view, screen, key, refresh)) return 0;
        }
        if (refresh) due = 0;
    }
    return 128 + SIGTERM;
}

void listen_for(int signal, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    sigaction(signal, &action, nullptr);
}

}  // namespace

int top(Words words) {
    const auto settings = parse(words);
    if (!settings) return show_usage(usage);
    View view(settings->view, procfs::read_file("/etc/passwd"));
    if (!take_snapshot(view)) return no_processes();
    if (settings->batch) return run_batch(view, *settings);
    listen_for(SIGWINCH, [](int) { resized = 1; });
    for (const int signal : {SIGTERM, SIGHUP, SIGINT}) listen_for(signal, [](int) { ended = 1; });
    Screen screen;
    if (!screen.usable())
        return complain("standard input or output is not a terminal; -b writes lists");
    return run_screen(view, *settings, screen);
}

}  // namespace top
