// SPDX-License-Identifier: MIT
#include "kernel/object/log.hpp"

#include <algorithm>
#include <array>

#include "kernel/plat/platform.hpp"

namespace {

constexpr std::uint64_t ring_bytes = 65536;

constinit std::array<char, ring_bytes> ring{};
constinit std::uint64_t written = 0;
constinit bool echo = true;

}  // namespace

void log_write(std::string_view text) {
    for (const char c : text) {
        ring[written % ring_bytes] = c;
        ++written;
    }
}

namespace kernel {

void Log::write(std::string_view text) {
    log_write(text);
    if (echo) {
        plat::early_console_write(text);
    }
}

std::size_t Log::read(std::uint64_t& position, std::span<char> to) {
    const std::uint64_t oldest = written > ring_bytes ? written - ring_bytes : 0;
    position = std::clamp(position, oldest, written);
    const std::size_t count = std::min<std::uint64_t>(to.size(), written - position);
    for (char& c : to.first(count)) {
        c = ring[position++ % ring_bytes];
    }
    return count;
}

void Log::set_echo(bool on) { echo = on; }

}  // namespace kernel
