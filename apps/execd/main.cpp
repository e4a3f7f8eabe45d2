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

constexpr int not_started = 126;

int serve(const execd::Request& request, const execd::Channel& channel) {
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

void serve_all(const execd::Channel& channel) {
    channel.send(execd::Frame::Begin, "");
    std::string records = execd::read_request_file();
    bool more = true;
    while (more) {
        execd::Request request;
        int status = not_started;
        if (execd::parse_request(records, request)) {
            status = serve(request, channel);
        } else {
            channel.send(execd::Frame::Problem, "the request is not valid");
        }
        sync();
        channel.send(execd::Frame::Status, std::to_string(status));
        more = request.keeps_running;
        if (more) records = channel.receive();
        if (records.empty()) more = false;
    }
    channel.drain();
}

}  // namespace

int main() {
    execd::Channel channel;
    if (channel.open()) {
        serve_all(channel);
    } else {
        std::fprintf(stderr, "execd: there is no %s\n", execd::serial_path);
    }
    sync();
    reboot(RB_POWER_OFF);
    std::perror("execd: power off");
    return 1;
}
