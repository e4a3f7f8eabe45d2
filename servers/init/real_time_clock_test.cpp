// SPDX-License-Identifier: MIT
#include "servers/init/real_time_clock.hpp"

#include <gtest/gtest.h>

namespace {

using init::ClockRegisters;

constexpr std::uint8_t binary = 4;
constexpr std::uint8_t hours_24 = 2;

// The expected numbers are those of `date -u -d ... +%s`.
TEST(RealTimeClock, ReadsDecimalAndBinaryRegisters) {
    EXPECT_EQ(init::seconds_since_1970({0x59, 0x59, 0x23, 0x31, 0x12, 0x26, hours_24}),
              1798761599U);
    EXPECT_EQ(init::seconds_since_1970({59, 59, 23, 31, 12, 26, hours_24 | binary}), 1798761599U);
    EXPECT_EQ(init::seconds_since_1970({0, 0, 0, 1, 1, 0, hours_24}), 946684800U);
}

TEST(RealTimeClock, KnowsLeapYears) {
    EXPECT_EQ(init::seconds_since_1970({0, 0, 0, 0x29, 2, 0x24, hours_24}), 1709164800U);
    EXPECT_EQ(init::seconds_since_1970({0, 0, 0, 1, 3, 0x24, hours_24}), 1709251200U);
    EXPECT_EQ(init::seconds_since_1970({0, 0, 0, 1, 3, 0x25, hours_24}), 1740787200U);
}

TEST(RealTimeClock, TwelveHoursHaveMidnightAndNoonAtTwelve) {
    const auto hour = [](std::uint8_t value) {
        return init::seconds_since_1970({0, 0, value, 1, 1, 0, 0}) - 946684800U;
    };
    EXPECT_EQ(hour(0x12), 0U);
    EXPECT_EQ(hour(0x01), 3600U);
    EXPECT_EQ(hour(0x92), 12 * 3600U);
    EXPECT_EQ(hour(0x91), 23 * 3600U);
}

// A second passes while it is being read.
TEST(RealTimeClock, IsReadAgainIfItTickedMeanwhile) {
    int reads = 0;
    const auto read = [&reads](std::uint8_t number) -> std::uint8_t {
        ++reads;
        const bool late = reads > 3;
        switch (number) {
            case 0:    return late ? 0 : 59;
            case 2:    return late ? 31 : 30;
            case 0x0a: return reads == 1 ? 0x80 : 0;
            case 0x0b: return hours_24 | binary;
            default:   return 1;
        }
    };
    EXPECT_EQ(init::read_clock_registers(read),
              (ClockRegisters{0, 31, 1, 1, 1, 1, hours_24 | binary}));
}

TEST(RealTimeClock, AClockThatIsNotThereEndsTheReading) {
    const auto registers =
        init::read_clock_registers([](std::uint8_t) -> std::uint8_t { return 0xff; });
    EXPECT_EQ(registers.second, 0xff);
}

}  // namespace
