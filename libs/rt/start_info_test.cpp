// SPDX-License-Identifier: MIT
#include "libs/rt/start_info.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace {

TEST(StartInfo, Capabilities) {
    rt::StartInfo info{};
    EXPECT_FALSE(info.capability("log"));
    std::memcpy(info.capabilities[0].name, "log", 3);
    info.capabilities[0].index = 9;
    std::memset(info.capabilities[1].name, 'x', sizeof info.capabilities[1].name);
    info.capabilities[1].index = 10;
    EXPECT_FALSE(info.capability("log"));
    info.capability_count = 2;
    EXPECT_EQ(info.capability("log").index(), 9U);
    EXPECT_EQ(info.capability(std::string(24, 'x')).index(), 10U);
    EXPECT_FALSE(info.capability("lo"));
    info.capability_count = 1000;
    EXPECT_FALSE(info.capability("other"));
}

TEST(StartInfo, Arguments) {
    rt::StartInfo info{};
    std::memcpy(info.arguments, "one\0\0three", 11);
    info.argument_count = 3;
    EXPECT_EQ(info.argument(0), "one");
    EXPECT_EQ(info.argument(1), "");
    EXPECT_EQ(info.argument(2), "three");
    EXPECT_EQ(info.argument(3), "");
    info.argument_count = 100000;
    std::memset(info.arguments, 'a', sizeof info.arguments);
    EXPECT_EQ(info.argument(0).size(), sizeof info.arguments);
    EXPECT_EQ(info.argument(5), "");
}

}  // namespace
