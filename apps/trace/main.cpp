// SPDX-License-Identifier: MIT
// trace: runs a command and shows what all threads of the machine did meanwhile.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <string_view>

#include "apps/trace/history.hpp"
#include "apps/trace/recorder.hpp"
#include "interfaces/process_image.hpp"

namespace {

constexpr int status_usage = 2;
constexpr int status_not_executable = 126;
constexpr int status_not_found = 127;
constexpr long between_looks_ns = 2'000'000;

struct Options {
    bool json = false;
    const char* output = nullptr;
    char** command = nullptr;
};

bool write_to(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

int complain(const std::string& message, int status = 1) {
    write_to(STDERR_FILENO, "trace: " + message + "\n");
    return status;
}

bool parse(char** words, Options& options) {
    for (; *words != nullptr && **words == '-'; ++words) {
        const std::string_view word = *words;
        if (word == "--") {
            ++words;
            break;
        }
        if (word == "--json") {
            options.json = true;
        } else if (word == "-o" && words[1] != nullptr) {
            options.output = *++words;
        } else {
            return false;
        }
    }
    options.command = words;
    return *words != nullptr;
}

[[noreturn]] void become(char** command) {
    execvp(command[0], command);
    const int error = errno;
    complain(std::string(command[0]) + ": " + strerror(error));
    _exit(error == ENOENT ? status_not_found : status_not_executable);
}

// -> the command's status as a shell would tell it
int watch(pid_t child, trace_tool::Recorder& recorder, trace_tool::History& history) {
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        const timespec moment{.tv_sec = 0, .tv_nsec = between_looks_ns};
        nanosleep(&moment, nullptr);
        recorder.take(history);
    }
    recorder.stop(history);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

trace_tool::Clock clock_of_this_machine() {
    const auto* page = reinterpret_cast<const abi::TimePage*>(process::time_page);
    return {.multiplier = page->multiplier, .shift = page->shift};
}

}  // namespace

int main(int, char** words) {
    Options options;
    if (!parse(words + 1, options)) {
        write_to(STDERR_FILENO, "usage: trace [--json] [-o FILE] [--] COMMAND [ARG...]\n");
        return status_usage;
    }
    int output = STDOUT_FILENO;
    if (options.output != nullptr) {
        output = open(options.output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (output < 0) {
            return complain(std::string(options.output) + ": " + strerror(errno));
        }
    }
    auto recorder = trace_tool::Recorder::start();
    if (!recorder) {
        return complain(recorder.error());
    }
    const pid_t child = fork();
    if (child < 0) {
        return complain(std::string("cannot start a process: ") + strerror(errno));
    }
    if (child == 0) {
        become(options.command);
    }
    trace_tool::History history;
    const int status = watch(child, *recorder, history);
    const trace_tool::Clock clock = clock_of_this_machine();
    const std::string text = options.json ? as_json(history, clock) : as_text(history, clock);
    if (!write_to(output, text)) {
        return complain(std::string("cannot write: ") + strerror(errno));
    }
    if (history.lost() != 0) {
        complain(std::to_string(history.lost()) + " events were lost");
    }
    return status;
}
