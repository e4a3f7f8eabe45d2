// SPDX-License-Identifier: MIT
#include "servers/init/real_time_clock.hpp"

namespace init {

namespace {

constexpr std::uint8_t binary_mode = 4;
constexpr std::uint8_t hours_24 = 2;
constexpr std::uint8_t afternoon = 0x80;

// Days from 1970-01-01: years that begin in March have their odd day last.
std::int64_t days_since_1970(std::int64_t year, std::int64_t month, std::int64_t day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t month_from_march = (month + 9) % 12;
    const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    constexpr std::int64_t days_to_1970 = 719'468;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - days_to_1970;
}

}  // namespace

std::uint64_t seconds_since_1970(const ClockRegisters& registers) {
    const bool is_binary = (registers.mode & binary_mode) != 0;
    const auto number = [is_binary](unsigned value) {
        return static_cast<int>(is_binary ? value : (value >> 4) * 10 + (value & 15));
    };
    int hour = number(registers.hour & (afternoon - 1U));
    if ((registers.mode & hours_24) == 0) {
        hour = hour % 12 + ((registers.hour & afternoon) != 0 ? 12 : 0);
    }
    const std::int64_t days = days_since_1970(2000 + number(registers.year),
                                              number(registers.month), number(registers.day));
    return static_cast<std::uint64_t>(((days * 24 + hour) * 60 + number(registers.minute)) * 60 +
                                      number(registers.second));
}

}  // namespace init
