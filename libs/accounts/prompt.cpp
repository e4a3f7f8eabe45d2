// SPDX-License-Identifier: MIT
#include "libs/accounts/prompt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <iterator>

namespace accounts {

namespace {

constexpr std::size_t longest_line = 256;

// One byte; nothing at the end of input.
std::optional<char> read_byte(int from) {
    char byte;
    ssize_t count;
    do {
        count = read(from, &byte, 1);
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return std::nullopt;
    return byte;
}

volatile std::sig_atomic_t caught = 0;
void catch_signal(int signal) { caught = signal; }

// While it is there, what is typed is not shown. A key that ends or stops the program takes effect at its
// end, when the terminal is as before.
class Unseen {
public:
    explicit Unseen(int terminal) : terminal_(terminal) {
        caught = 0;
        sigset_t blocked;
        sigemptyset(&blocked);
        for (std::size_t i = 0; i < std::size(keys); ++i) {
            sigaddset(&blocked, keys[i]);
            sigaction(keys[i], nullptr, &actions_[i]);
            struct sigaction action{};
            action.sa_handler = catch_signal;
            if (actions_[i].sa_handler != SIG_IGN) sigaction(keys[i], &action, nullptr);
        }
        sigprocmask(SIG_BLOCK, &blocked, &mask_);
        if (tcgetattr(terminal_, &before_) != 0) return;
        termios silent = before_;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        active_ = tcsetattr(terminal_, TCSAFLUSH, &silent) == 0;
    }
    ~Unseen() {
        if (active_) tcsetattr(terminal_, TCSANOW, &before_);
        for (std::size_t i = 0; i < std::size(keys); ++i) sigaction(keys[i], &actions_[i], nullptr);
        sigprocmask(SIG_SETMASK, &mask_, nullptr);
        if (caught != 0) raise(caught);
    }
    Unseen(const Unseen&) = delete;
    Unseen& operator=(const Unseen&) = delete;

    // A password is not asked for where it would be seen; what is no terminal does not show it.
    bool safe() const { return active_ || !isatty(terminal_); }

    // One byte; nothing at the end of input, or at such a key.
    std::optional<char> read_byte() const {
        pollfd wait{terminal_, POLLIN, 0};
        if (ppoll(&wait, 1, nullptr, &mask_) <= 0) return std::nullopt;
        return accounts::read_byte(terminal_);
    }

private:
    static constexpr int keys[] = {SIGINT, SIGQUIT, SIGTSTP};

    int terminal_;
    struct sigaction actions_[std::size(keys)] = {};
    sigset_t mask_{};
    termios before_{};
    bool active_ = false;
};

}  // namespace

Prompt Prompt::of_session() {
    const int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    return terminal < 0 ? Prompt(STDIN_FILENO, STDERR_FILENO) : Prompt(terminal, terminal);
}

void Prompt::write(std::string_view text) const {
    while (!text.empty()) {
        ssize_t written = ::write(out_, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::optional<std::string> Prompt::read_line() const {
    std::string line;
    while (auto byte = read_byte(in_)) {
        if (*byte == '\n') return line;
        if (line.size() < longest_line) line += *byte;
    }
    return std::nullopt;
}

bool Prompt::read_secret(std::string_view question, Secret& secret) const {
    // Before the question, so that an answer that comes at once is neither seen nor flushed.
    const Unseen unseen(in_);
    if (!unseen.safe()) return false;
    write(question);
    secret.clear();
    auto byte = unseen.read_byte();
    for (; byte && *byte != '\n'; byte = unseen.read_byte()) secret.push(*byte);
    write("\n");
    return byte.has_value();
}

}  // namespace accounts
