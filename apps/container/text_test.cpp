// SPDX-License-Identifier: MIT
#include "apps/container/text.hpp"

#include <gtest/gtest.h>

namespace container_tool {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

TEST(Text, Sizes) {
    EXPECT_EQ(size_text(0), "0 B");
    EXPECT_EQ(size_text(1023), "1023 B");
    EXPECT_EQ(size_text(1024), "1.0 KiB");
    EXPECT_EQ(size_text(8 << 20), "8.0 MiB");
    EXPECT_EQ(size_text((8 << 20) - 1), "7.9 MiB");
    EXPECT_EQ(size_text(std::uint64_t{3} << 50), "3072.0 TiB");
}

TEST(Text, Durations) {
    EXPECT_EQ(duration_text(59 * second), "59s");
    EXPECT_EQ(duration_text(200 * second), "3m 20s");
    EXPECT_EQ(duration_text(7500 * second), "2h 5m");
    EXPECT_EQ(duration_text(273600 * second), "3d 4h");
    EXPECT_EQ(cpu_text(50'000'000), "0.05 s");
    EXPECT_EQ(cpu_text(12 * second), "12.00 s");
}

TEST(Text, Statuses) {
    EXPECT_EQ(status_text(0), "exited (0)");
    EXPECT_EQ(status_text(3 << 8), "exited (3)");
    EXPECT_EQ(status_text(9), "killed (9)");
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

TEST(Text, Tables) {
    Table table({"NAME", "STATE"});
    table.add({"a-long-name", "running"});
    table.add({"b", ""});
    EXPECT_EQ(table.text(), "NAME         STATE\na-long-name  running\nb            \n");
}

}  // namespace
}  // namespace container_tool
