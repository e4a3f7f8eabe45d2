// SPDX-License-Identifier: MIT
// The clock in the CMOS memory (Motorola MC146818A), read once at boot.
#include "kernel/plat/pc/real_time_clock.hpp"

#include <arch/ports.hpp>

namespace plat {

namespace {

constexpr std::uint16_t cmos_index = 0x70;
constexpr std::uint16_t cmos_data = 0x71;
constexpr std::uint8_t nmi_off = 0x80;
constexpr std::uint8_t status_a = 0x0a;
constexpr std::uint8_t status_b = 0x0b;
constexpr std::uint8_t update_in_progress = 0x80;
constexpr std::uint8_t binary_mode = 4;
constexpr std::uint8_t hours_24 = 2;
constexpr std::uint8_t afternoon = 0x80;
constexpr int tries = 100'000;

std::uint8_t read_cmos(std::uint8_t index) {
    arch::out8(cmos_index, index | nmi_off);
    return arch::in8(cmos_data);
}

struct DateTime {
    std::uint8_t second, minute, hour, day, month, year;
    friend bool operator==(const DateTime&, const DateTime&) = default;
};

DateTime read_once() {
    for (int i = 0; i < tries && (read_cmos(status_a) & update_in_progress) != 0; ++i) {
    }
    return {read_cmos(0), read_cmos(2), read_cmos(4), read_cmos(7), read_cmos(8), read_cmos(9)};
}

std::uint8_t from_bcd(std::uint8_t value) {
    return static_cast<std::uint8_t>((value >> 4) * 10 + (value & 15));
}

// Days from 1970-01-01 to the first of March of year 0 and on: years that begin in March have their odd day last.
std::int64_t days_since_1970(std::int64_t year, std::int64_t month, std::int64_t day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t month_from_march = (month + 9) % 12;
    const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    constexpr std::int64_t days_to_1970 = 719'468;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - days_to_1970;
}

}  // namespace

std::uint64_t read_real_time_clock() {
    // It may tick between two registers: read until two readings agree.
    DateTime now = read_once();
    for (int i = 0; i < tries; ++i) {
        const DateTime again = read_once();
        if (again == now) {
            break;
        }
        now = again;
    }
    const std::uint8_t mode = read_cmos(status_b);
    const bool pm = (now.hour & afternoon) != 0;
    now.hour &= static_cast<std::uint8_t>(~afternoon);
    if ((mode & binary_mode) == 0) {
        now = {from_bcd(now.second), from_bcd(now.minute), from_bcd(now.hour),
               from_bcd(now.day),    from_bcd(now.month),  from_bcd(now.year)};
    }
    int hour = now.hour;
    if ((mode & hours_24) == 0) {
        hour = hour % 12 + (pm ? 12 : 0);
    }
    const std::int64_t days = days_since_1970(2000 + now.year, now.month, now.day);
    return static_cast<std::uint64_t>(((days * 24 + hour) * 60 + now.minute) * 60 + now.second);
}

}  // namespace plat
