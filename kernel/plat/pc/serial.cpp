// SPDX-License-Identifier: MIT
// The first serial port, polled, for what the kernel says before a driver owns it, and in a panic.
#include <arch/ports.hpp>

#include "kernel/plat/platform.hpp"

namespace plat {

namespace {

constexpr std::uint16_t com1 = 0x3f8, data = com1, interrupt_enable = com1 + 1;
constexpr std::uint16_t fifo_control = com1 + 2, line_control = com1 + 3, modem_control = com1 + 4;
constexpr std::uint16_t line_status = com1 + 5;
constexpr std::uint8_t divisor_access = 0x80, eight_bits = 3, divisor_115200 = 1;
constexpr std::uint8_t transmitter_empty = 0x20;
// A port that is not there reads as all ones.
constexpr std::uint8_t absent = 0xff;
// A stuck port must not stop the machine.
constexpr int patience = 100'000;

constinit bool ready = false;

void set_up() {
    arch::out8(interrupt_enable, 0);
    arch::out8(line_control, divisor_access);
    arch::out8(data, divisor_115200);
    arch::out8(interrupt_enable, 0);
    arch::out8(line_control, eight_bits);
    arch::out8(fifo_control, 0x07);
    arch::out8(modem_control, 0x0b);
    ready = true;
}

void write_byte(char byte) {
    for (int i = 0; i < patience && (arch::in8(line_status) & transmitter_empty) == 0; ++i) {
        asm volatile("pause");
    }
    arch::out8(data, static_cast<std::uint8_t>(byte));
}

}  // namespace

void early_console_write(std::string_view text) {
    if (!ready) {
        set_up();
    }
    if (arch::in8(line_status) == absent) {
        return;
    }
    for (const char byte : text) {
        if (byte == '\n') {
            write_byte('\r');
        }
        write_byte(byte);
    }
}

}  // namespace plat
