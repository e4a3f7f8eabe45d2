// SPDX-License-Identifier: MIT
#include "drivers/tpm/fifo.hpp"

#include <algorithm>

namespace tpm {
namespace {

// Profile, table 15.
constexpr std::uint32_t access_register = 0x00, status_register = 0x18, data_register = 0x24;
namespace access {
constexpr std::uint8_t request = 0x02, active = 0x20, valid = 0x80;
}
namespace status {
constexpr std::uint8_t expect = 0x08, answer_there = 0x10, go = 0x20, ready = 0x40, valid = 0x80;
}

}  // namespace

Result<void> Fifo::claim() {
    constexpr std::uint8_t ours = access::active | access::valid;
    registers_.write8(access_register, access::request);
    const bool granted =
        registers_.wait_until([&] { return (registers_.read8(access_register) & ours) == ours; });
    if (!granted) {
        return base::fail(Failure::broken);
    }
    return {};
}

bool Fifo::has(std::uint8_t bits) {
    const std::uint8_t wanted = bits | status::valid;
    return (registers_.read8(status_register) & wanted) == wanted;
}

std::size_t Fifo::burst(std::size_t wanted) {
    std::size_t count = 0;
    (void)registers_.wait_until([&] {
        count = registers_.read32(status_register) >> 8 & 0xffff;
        return count != 0;
    });
    return std::min(count, wanted);
}

Result<void> Fifo::send(std::span<const std::byte> command) {
    if (command.size() > longest_command) {
        return base::fail(Failure::too_long);
    }
    registers_.write8(status_register, status::ready);
    // The bit `valid` says nothing of this one.
    const bool ready = registers_.wait_until(
        [&] { return (registers_.read8(status_register) & status::ready) != 0; });
    if (!ready) {
        return base::fail(Failure::broken);
    }
    cancelled_ = false;
    while (!command.empty()) {
        const std::size_t count = burst(command.size());
        if (count == 0) {
            return base::fail(Failure::broken);
        }
        for (const std::byte byte : command.first(count)) {
            registers_.write8(data_register, std::to_integer<std::uint8_t>(byte));
        }
        command = command.subspan(count);
    }
    const bool whole = registers_.wait_until(
        [&] { return has(0) && (registers_.read8(status_register) & status::expect) == 0; });
    if (!whole) {
        return base::fail(Failure::broken);
    }
    registers_.write8(status_register, status::go);
    return {};
}

Progress Fifo::poll() {
    const bool let_go = cancelled_ && (registers_.read8(status_register) & status::ready) != 0;
    return has(status::answer_there) || let_go ? Progress::answered : Progress::working;
}

bool Fifo::read(std::span<std::byte> to) {
    while (!to.empty()) {
        const bool more = registers_.wait_until([&] { return has(status::answer_there); });
        const std::size_t count = more ? burst(to.size()) : 0;
        if (count == 0) {
            return false;
        }
        for (std::byte& byte : to.first(count)) {
            byte = std::byte{registers_.read8(data_register)};
        }
        to = to.subspan(count);
    }
    return true;
}

Result<std::size_t> Fifo::receive(std::span<std::byte> answer) {
    if (!read(answer.first(header_bytes))) {
        return base::fail(Failure::broken);
    }
    const std::size_t size = size_in(answer);
    if (size < header_bytes || size > answer.size() ||
        !read(answer.first(size).subspan(header_bytes))) {
        return base::fail(Failure::broken);
    }
    return size;
}

// Writing `ready` while a command runs ends it (profile, table 19).
void Fifo::cancel() {
    cancelled_ = true;
    registers_.write8(status_register, status::ready);
}

void Fifo::finish() { registers_.write8(status_register, status::ready); }

}  // namespace tpm
