// SPDX-License-Identifier: MIT
// The clock in the CMOS memory (Motorola MC146818A): what its registers say, as seconds since 1970-01-01 UTC.
#pragma once

#include <cstdint>

namespace init {

struct ClockRegisters {
    std::uint8_t second, minute, hour, day, month, year;
    std::uint8_t mode;  // status register B: how the others are to be read
    friend bool operator==(const ClockRegisters&, const ClockRegisters&) = default;
};

// Of a year from 2000 to 2099.
std::uint64_t seconds_since_1970(const ClockRegisters& registers);

// read(number of a register) -> its value, a byte. The clock may tick between two registers: reads until two readings agree. A clock
// that never comes to rest, or is not there, is not waited for for ever.
template <class Read>
ClockRegisters read_clock_registers(const Read& read) {
    constexpr int tries = 1000;
    constexpr std::uint8_t status_a = 0x0a;
    constexpr std::uint8_t status_b = 0x0b;
    constexpr std::uint8_t update_in_progress = 0x80;
    const auto read_once = [&read] {
        for (int i = 0; i < tries && (read(status_a) & update_in_progress) != 0; ++i) {
        }
        return ClockRegisters{read(0), read(2), read(4), read(7), read(8), read(9), read(status_b)};
    };
    ClockRegisters now = read_once();
    for (int i = 0; i < tries; ++i) {
        const ClockRegisters again = read_once();
        if (again == now) {
            break;
        }
        now = again;
    }
    return now;
}

}  // namespace init
