// SPDX-License-Identifier: MIT
#include "drivers/tpm/command_buffer.hpp"

#include <algorithm>

namespace tpm {
namespace {

// Profile, table 25; all have 32 bits.
constexpr std::uint32_t locality_control = 0x08, locality_status = 0x0c, request_register = 0x40,
                        status_register = 0x44, cancel_register = 0x48, start_register = 0x4c,
                        command_bytes = 0x58, command_low = 0x5c, command_high = 0x60,
                        answer_bytes = 0x64, answer_low = 0x68, answer_high = 0x6c;
constexpr std::uint32_t buffers_from = 0x80;
constexpr std::uint32_t page = 4096;
constexpr std::uint32_t request_access = 1, granted = 1;
constexpr std::uint32_t make_ready = 1, go_idle = 2;
constexpr std::uint32_t failed = 1;  // tpmSts: only a restart of the machine mends it

}  // namespace

std::optional<CommandBuffer::Area> CommandBuffer::area(std::uint64_t address,
                                                       std::uint32_t bytes) const {
    const std::uint64_t offset = address - physical_;
    if (address < physical_ || offset < buffers_from || offset >= page || bytes < header_bytes ||
        bytes > page - offset) {
        return std::nullopt;
    }
    return Area{static_cast<std::uint32_t>(offset), bytes};
}

Result<void> CommandBuffer::claim() {
    registers_.write32(locality_control, request_access);
    const bool ours =
        registers_.wait_until([&] { return (registers_.read32(locality_status) & granted) != 0; });
    const auto wide = [&](std::uint32_t low, std::uint32_t high) {
        return std::uint64_t{registers_.read32(high)} << 32 | registers_.read32(low);
    };
    const auto command = area(wide(command_low, command_high), registers_.read32(command_bytes));
    const auto answer = area(wide(answer_low, answer_high), registers_.read32(answer_bytes));
    if (!ours || !command || !answer) {
        return base::fail(Failure::broken);
    }
    command_ = *command;
    answer_ = *answer;
    return {};
}

Result<void> CommandBuffer::send(std::span<const std::byte> command) {
    if (command.size() > command_.bytes) {
        return base::fail(Failure::too_long);
    }
    registers_.write32(cancel_register, 0);
    registers_.write32(request_register, make_ready);
    const bool ready = registers_.wait_until(
        [&] { return (registers_.read32(request_register) & make_ready) == 0; });
    if (!ready || (registers_.read32(status_register) & failed) != 0) {
        return base::fail(Failure::broken);
    }
    std::uint32_t at = command_.offset;
    for (const std::byte byte : command) {
        registers_.write8(at++, std::to_integer<std::uint8_t>(byte));
    }
    registers_.write32(start_register, 1);
    return {};
}

Progress CommandBuffer::poll() {
    if ((registers_.read32(status_register) & failed) != 0) {
        return Progress::broken;
    }
    return registers_.read32(start_register) == 0 ? Progress::answered : Progress::working;
}

void CommandBuffer::read(std::uint32_t offset, std::span<std::byte> to) {
    for (std::byte& byte : to) {
        byte = std::byte{registers_.read8(offset++)};
    }
}

Result<std::size_t> CommandBuffer::receive(std::span<std::byte> answer) {
    read(answer_.offset, answer.first(header_bytes));
    const std::size_t size = size_in(answer);
    if (size < header_bytes || size > std::min(answer.size(), answer_.bytes)) {
        return base::fail(Failure::broken);
    }
    read(answer_.offset, answer.first(size));
    return size;
}

void CommandBuffer::cancel() { registers_.write32(cancel_register, 1); }

void CommandBuffer::finish() { registers_.write32(request_register, go_idle); }

}  // namespace tpm
