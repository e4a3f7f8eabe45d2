// SPDX-License-Identifier: MIT
//
// execd: files in, the command, files out, the status, power off. See README.md and protocol.hpp.

#include <sys/reboot.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "apps/execd/protocol.hpp"

namespace {

std::string numbered(const char* folder, std::size_t index) {
    return std::string(folder) + "/" + std::to_string(index);
}

int serve(const execd::Channel& channel) {
    constexpr int not_started = 126;
    execd::Request request;
    if (!execd::read_request(request)) {
        channel.send(execd::Frame::Problem,
                     std::string("there is no valid request in ") + execd::request_path);
        return not_started;
    }
    for (std::size_t i = 0; i < request.put.size(); ++i) {
        const std::string problem = execd::move_in(numbered(execd::put_folder, i), request.put[i]);
        if (problem.empty()) continue;
        channel.send(execd::Frame::Problem, problem);
        return not_started;
    }
    const int status = execd::run_command(request, channel);
    for (std::size_t i = 0; i < request.get.size(); ++i) {
        const std::string problem = execd::copy_out(request.get[i], numbered(execd::get_folder, i));
        if (!problem.empty()) channel.send(execd::Frame::Problem, problem);
    }
    return status;
}

}  // namespace

int main() {
    execd::Channel channel;
    if (channel.open()) {
        const int status = serve(channel);
        sync();
        channel.send(execd::Frame::Status, std::to_string(status));
        channel.drain();
    } else {
        std::fprintf(stderr, "execd: there is no %s\n", execd::serial_path);
        sync();
    }
    reboot(RB_POWER_OFF);
    std::perror("execd: power off");
    return 1;
}
