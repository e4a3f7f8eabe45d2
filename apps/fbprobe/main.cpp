// SPDX-License-Identifier: MIT
// fbprobe: a test picture on the screen, until `q`.
//
// The screen is lost whenever another terminal is looked at. poll tells: an error of the descriptor, until one asks for the screen
// again; and that it can be read, when it is to be had. What is drawn in between is drawn in vain, and harms nobody.
#include <poll.h>
#include <termios.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "apps/fbprobe/screen.hpp"

namespace fbprobe {

namespace {

constexpr int ms_per_step = 40;
constexpr int usage_error = 2;

volatile std::sig_atomic_t ended = 0;

void end(int /*signal*/) { ended = 1; }

// Keys come at once, and are not shown.
class Keyboard {
public:
    Keyboard() : is_terminal_(tcgetattr(STDIN_FILENO, &before_) == 0) {
        termios raw = before_;
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
        if (is_terminal_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
    }
    Keyboard(const Keyboard&) = delete;
    Keyboard& operator=(const Keyboard&) = delete;
    ~Keyboard() {
        if (is_terminal_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }

private:
    termios before_{};
    bool is_terminal_;
};

struct Counts {
    unsigned long shown = 0, lost = 0, keys = 0;
};

// False: it is time to end.
bool take_keys(Counts& counts, bool& moves) {
    char keys[16];
    const ssize_t got = read(STDIN_FILENO, keys, sizeof keys);
    if (got <= 0) return got < 0 && errno == EINTR;
    for (const char key : std::string_view{keys, static_cast<std::size_t>(got)}) {
        ++counts.keys;
        if (key == 'q') return false;
        if (key == ' ') moves = !moves;
    }
    return true;
}

// 0, or errno.
int show(Screen& screen, Counts& counts) {
    const Keyboard keyboard;
    bool moves = true;
    for (std::uint32_t step = 0; ended == 0;) {
        if (!screen.borrowed() && screen.borrow()) {
            ++counts.shown;
            draw_all(screen.canvas());
            draw_box(screen.canvas(), step = 0);
        } else if (!screen.borrowed() && errno != EAGAIN) {
            return errno;
        }
        const bool seen = screen.borrowed();
        const auto awaited = static_cast<short>(seen ? 0 : POLLIN);
        pollfd sources[] = {{STDIN_FILENO, POLLIN, 0}, {screen.descriptor(), awaited, 0}};
        const int ready = poll(sources, 2, seen && moves ? ms_per_step : -1);
        if (ready > 0 && (sources[1].revents & (POLLERR | POLLHUP)) != 0 && seen) {
            ++counts.lost;
            screen.leave();
        } else if (ready > 0 && sources[0].revents != 0 && !take_keys(counts, moves)) {
            return 0;
        } else if (ready == 0) {
            draw_box(screen.canvas(), ++step);
        }
    }
    return 0;
}

void say(const char* what, int why) {
    std::fprintf(stderr, "fbprobe: %s: %s\n", what, std::strerror(why));
    const char* hint = why == EACCES   ? "its Cluufile has no PROFILE framebuffer"
                       : why == ENOENT ? "no MOUNT of its Cluufile shows /dev/fb0"
                       : why == ENXIO  ? "its terminal is on no screen"
                                       : nullptr;
    if (hint != nullptr) std::fprintf(stderr, "fbprobe: %s\n", hint);
}

int run(bool only_info) {
    auto screen = Screen::open();
    if (!screen) {
        say("/dev/fb0", errno);
        return 1;
    }
    std::printf("%s\n", screen->mode().c_str());
    if (only_info) return 0;
    struct sigaction action{};
    action.sa_handler = end;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
    Counts counts;
    const int why = show(*screen, counts);
    screen->leave();
    std::printf("fbprobe: shown %lu times, lost %lu times, %lu keys\n", counts.shown, counts.lost,
                counts.keys);
    if (why != 0) say("the screen", why);
    return why == 0 ? 0 : 1;
}

}  // namespace

}  // namespace fbprobe

int main(int count, char** words) {
    const bool only_info = count == 2 && std::string_view{words[1]} == "--info";
    if (count > 1 && !only_info) {
        std::fputs("usage: fbprobe [--info]\n", stderr);
        return fbprobe::usage_error;
    }
    return fbprobe::run(only_info);
}
