// SPDX-License-Identifier: MIT
#include "drivers/uart/line.hpp"

#include <algorithm>

#include "libs/ipc/syscall.hpp"

namespace uart {

namespace {

// Registers and bits: PC16550D data sheet, section 8.
constexpr std::uint16_t data = 0;
constexpr std::uint16_t interrupt_enable = 1;
constexpr std::uint16_t fifo_control = 2;
constexpr std::uint16_t line_control = 3;
constexpr std::uint16_t modem_control = 4;
constexpr std::uint16_t line_status = 5;
constexpr std::uint16_t scratch = 7;

constexpr std::uint8_t data_ready = 0x01;
constexpr std::uint8_t transmitter_empty = 0x20;
constexpr std::uint8_t divisor_access = 0x80;
constexpr std::uint8_t eight_bits = 0x03;
constexpr std::uint8_t fifo_on_and_cleared = 0x07;
constexpr std::uint8_t ready_request_and_interrupt_on = 0x0b;
constexpr std::uint8_t interrupt_on_received = 0x01;
constexpr std::size_t fifo_bytes = 16;

}  // namespace

std::uint8_t Line::in(std::uint16_t reg) const {
    return ports_->in<std::uint8_t>(static_cast<std::uint16_t>(base_ + reg)).value_or(0xff);
}

void Line::out(std::uint16_t reg, std::uint8_t value) {
    (void)ports_->out<std::uint8_t>(static_cast<std::uint16_t>(base_ + reg), value);
}

bool Line::initialise() {
    constexpr std::uint8_t probe = 0x5a;
    out(scratch, probe);
    if (in(scratch) != probe) {
        return false;
    }
    out(interrupt_enable, 0);
    out(line_control, divisor_access);
    out(data, 1);  // 115200 baud
    out(interrupt_enable, 0);
    out(line_control, eight_bits);
    out(fifo_control, fifo_on_and_cleared);
    out(modem_control, ready_request_and_interrupt_on);
    out(interrupt_enable, interrupt_on_received);
    return true;
}

void Line::send(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        while ((in(line_status)&transmitter_empty) == 0) {
            ipc::sys::yield();
        }
        const std::size_t count = std::min(bytes.size(), fifo_bytes);
        (void)ports_->write(base_ + data, bytes.first(count));
        bytes = bytes.subspan(count);
    }
}

std::size_t Line::receive(std::span<char> to) {
    std::size_t count = 0;
    while (count < to.size() && (in(line_status)&data_ready) != 0) {
        to[count++] = static_cast<char>(in(data));
    }
    return count;
}

}  // namespace uart
