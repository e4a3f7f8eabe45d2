// SPDX-License-Identifier: MIT
//
// Runs the command as the shell would, with pipes for its output.
//
//     execd --fork--> waiter --fork--> command
//       ^               |                 | standard output, standard error: pipes to execd
//       +---- status ---+ (a pipe)
//
// The waiter turns the command's end into something that can be polled together with its output,
// without a signal handler. The command may leave processes behind that still hold the pipes: when
// the status is there, what has been written so far is sent, and nobody waits for them.

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "apps/execd/protocol.hpp"

namespace execd {
namespace {

constexpr int not_found = 127;
constexpr int not_started = 126;

struct Pipe {
    int read = -1;
    int write = -1;
    Pipe() = default;
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close_write();
        if (read >= 0) close(read);
    }
    void close_write() {
        if (write >= 0) close(write);
        write = -1;
    }
    bool open() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
        read = ends[0];
        write = ends[1];
        return true;
    }
};

[[noreturn]] void become_command(const Request& request, const Pipe& out, const Pipe& err) {
    const int in = open(request.has_input ? stdin_path : "/dev/null", O_RDONLY | O_CLOEXEC);
    if (in >= 0) dup2(in, 0);
    dup2(out.write, 1);
    dup2(err.write, 2);
    setpgid(0, 0);
    if (chdir(request.directory.c_str()) != 0) {
        std::fprintf(stderr, "execd: %s: %s\n", request.directory.c_str(), std::strerror(errno));
        _exit(not_started);
    }
    clearenv();
    for (const auto& variable : request.environment) putenv(const_cast<char*>(variable.c_str()));
    std::vector<char*> words;
    for (const auto& word : request.words) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    execvp(words[0], words.data());
    const int reason = errno;
    std::fprintf(stderr, "%s: %s\n", words[0],
                 reason == ENOENT ? "not found" : std::strerror(reason));
    _exit(reason == ENOENT ? not_found : not_started);
}

[[noreturn]] void become_waiter(const Request& request, Pipe& out, Pipe& err, const Pipe& end) {
    const pid_t child = fork();
    if (child == 0) become_command(request, out, err);
    if (child < 0) dprintf(err.write, "execd: cannot fork: %s\n", std::strerror(errno));
    out.close_write();
    err.close_write();
    int result = not_started;
    int status = 0;
    if (child > 0) {
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    // Nothing can be done here if execd is gone.
    (void)!write(end.write, &result, sizeof result);
    _exit(0);
}

// Sends what can be read from a pipe; false at its end.
bool forward(int fd, Frame kind, const Channel& channel) {
    std::array<char, 4000> buffer;
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n > 0) channel.send(kind, buffer.data(), static_cast<std::size_t>(n));
    return n > 0 || (n < 0 && errno == EINTR);
}

}  // namespace

int run_command(const Request& request, const Channel& channel) {
    Pipe out;
    Pipe err;
    Pipe end;
    if (!out.open() || !err.open() || !end.open()) return not_started;
    const pid_t waiter = fork();
    if (waiter < 0) {
        channel.send(Frame::Problem, std::string("cannot fork: ") + std::strerror(errno));
        return not_started;
    }
    if (waiter == 0) become_waiter(request, out, err, end);
    out.close_write();
    err.close_write();
    end.close_write();

    std::array<pollfd, 3> waits{
        {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}, {end.read, POLLIN, 0}}};
    int result = not_started;
    bool ended = false;
    for (;;) {
        const int ready = poll(waits.data(), waits.size(), ended ? 0 : -1);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) break;  // after the end: nothing more has been written
        if (waits[0].revents != 0 && !forward(out.read, Frame::Output, channel)) waits[0].fd = -1;
        if (waits[1].revents != 0 && !forward(err.read, Frame::Error, channel)) waits[1].fd = -1;
        if (waits[2].revents != 0) {
            // The waiter writes one number, or has died.
            if (read(end.read, &result, sizeof result) != sizeof result) result = not_started;
            waits[2].fd = -1;
            ended = true;
        }
    }
    waitpid(waiter, nullptr, 0);
    return result;
}

}  // namespace execd
