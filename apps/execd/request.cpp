// SPDX-License-Identifier: MIT
//
// The request file and the frames: the two ends of the protocol that touch bytes.

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "apps/execd/protocol.hpp"

namespace execd {

std::string read_request_file() {
    std::unique_ptr<FILE, int (*)(FILE*)> file{std::fopen(request_path, "re"), std::fclose};
    std::string text;
    if (!file) return text;
    std::array<char, 4096> buffer;
    while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
        text.append(buffer.data(), n);
    }
    return text;
}

bool parse_request(const std::string& records, Request& request) {
    for (std::size_t at = 0; at < records.size();) {
        const auto end = std::min(records.find('\0', at), records.size());
        const std::string value = end > at ? records.substr(at + 1, end - at - 1) : "";
        switch (records[at]) {
            case 'P': request.put.push_back(value); break;
            case 'G': request.get.push_back(value); break;
            case 'E': request.environment.push_back(value); break;
            case 'D': request.directory = value; break;
            case 'I': request.has_input = true; break;
            case 'K': request.keeps_running = true; break;
            case 'A': request.words.push_back(value); break;
            default:  return false;
        }
        at = end + 1;
    }
    return !request.words.empty();
}

bool Channel::open() {
    fd_ = ::open(serial_path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd_ < 0) return false;
    termios mode{};
    if (tcgetattr(fd_, &mode) == 0) {
        cfmakeraw(&mode);
        tcsetattr(fd_, TCSANOW, &mode);
    }
    return true;
}

void Channel::send(Frame kind, const char* data, std::size_t size) const {
    constexpr std::size_t most = 4000;
    std::size_t at = 0;
    do {
        const std::size_t part = std::min(size - at, most);
        std::array<char, most + 3> frame;
        frame[0] = static_cast<char>(kind);
        frame[1] = static_cast<char>(part & 0xff);
        frame[2] = static_cast<char>(part >> 8);
        std::copy_n(data + at, part, frame.begin() + 3);
        for (std::size_t sent = 0; sent < part + 3;) {
            const ssize_t n = write(fd_, frame.data() + sent, part + 3 - sent);
            if (n < 0 && errno != EINTR) return;  // the host is gone: there is nobody left to tell
            if (n > 0) sent += static_cast<std::size_t>(n);
        }
        at += part;
    } while (at < size);
}

void Channel::drain() const { tcdrain(fd_); }

std::string Channel::receive() const {
    // Byte by byte: what follows the records belongs to the next request.
    const auto next = [this] {
        char byte = 0;
        ssize_t n = 0;
        while ((n = read(fd_, &byte, 1)) < 0 && errno == EINTR) {
        }
        return n == 1 ? static_cast<unsigned char>(byte) : -1;
    };
    std::size_t size = 0;
    for (int c = next(); c >= '0' && c <= '9'; c = next())
        size = size * 10 + static_cast<std::size_t>(c - '0');
    std::string records;
    while (records.size() < size) {
        const int c = next();
        if (c < 0) return "";
        records.push_back(static_cast<char>(c));
    }
    return records;
}

}  // namespace execd
