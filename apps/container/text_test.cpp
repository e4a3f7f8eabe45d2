// SPDX-License-Identifier: MIT
#include "apps/container/text.hpp"

#include <gtest/gtest.h>

namespace container_tool {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

TEST(Text, Durations) {
    EXPECT_EQ(duration_text(59 * second), "59s");
    EXPECT_EQ(duration_text(200 * second), "3m 20s");
    EXPECT_EQ(duration_text(7500 * second), "2h 5m");
    EXPECT_EQ(duration_text(273600 * second), "3d 4h");
    EXPECT_EQ(cpu_text(50'000'000), "0.05 s");
    EXPECT_EQ(cpu_text(12 * second), "12.00 s");
}

TEST(Text, Numbers) {
    EXPECT_EQ(parse_size("512K"), 512u << 10);
    EXPECT_EQ(parse_size("123"), 123u);
    EXPECT_FALSE(parse_size("0"));
    EXPECT_FALSE(parse_size("M"));
    EXPECT_FALSE(parse_size("99999999999G"));
    EXPECT_EQ(parse_seconds("0"), 0u);
    EXPECT_FALSE(parse_seconds("1.5"));
}

TEST(Text, SignalsAndShares) {
    EXPECT_EQ(parse_signal("KILL"), 9u);
    EXPECT_EQ(parse_signal("SIGTERM"), 15u);
    EXPECT_EQ(parse_signal("34"), 34u);
    for (const char* none : {"", "0", "65", "kill", "SIG", "-1"})
        EXPECT_FALSE(parse_signal(none)) << none;
    EXPECT_EQ(parse_percent("100"), 100u);
    EXPECT_FALSE(parse_percent("0"));
    EXPECT_FALSE(parse_percent("101"));
}

TEST(Text, Volumes) {
    EXPECT_EQ(parse_volume("/a:/b"), (Volume{"/a", "/b", false}));
    EXPECT_EQ(parse_volume("a/b:/c:ro"), (Volume{"a/b", "/c", true}));
    EXPECT_EQ(parse_volume("/a:/b:rw"), (Volume{"/a", "/b", false}));
    for (const char* wrong : {"", "/a", ":/b", "/a:", "/a:b", "/a:/b:/c", "/a:/b:no", "/a:ro"})
        EXPECT_FALSE(parse_volume(wrong)) << wrong;
}

TEST(Text, Tables) {
    Table table({"NAME", "STATE"});
    table.add({"a-long-name", "running"});
    table.add({"b", ""});
    EXPECT_EQ(table.text(), "NAME         STATE\na-long-name  running\nb            \n");
}

}  // namespace
}  // namespace container_tool
