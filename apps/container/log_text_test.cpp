// SPDX-License-Identifier: MIT
#include "apps/container/log_text.hpp"

#include <gtest/gtest.h>

namespace container_tool {
namespace {

std::string last(std::vector<std::string> texts, std::size_t count) {
    std::vector<LogEntry> entries;
    for (const std::string& text : texts) entries.push_back({.text = text});
    std::string out;
    for (const LogEntry& entry : last_lines(std::move(entries), count)) out += entry.text + "|";
    return out;
}

TEST(LogText, LastLines) {
    EXPECT_EQ(last({"a\nb\nc\n"}, 1), "c\n|");
    EXPECT_EQ(last({"a\nb\nc\n"}, 2), "b\nc\n|");
    EXPECT_EQ(last({"a\nb\nc\n"}, 3), "a\nb\nc\n|");
    EXPECT_EQ(last({"a\nb\nc\n"}, 9), "a\nb\nc\n|");
    EXPECT_EQ(last({"a\nb\nc"}, 1), "c|") << "one that has not ended counts";
    EXPECT_EQ(last({"a\n", "b", "c\n", "d\n"}, 2), "|b|c\n|d\n|") << "a line of several parts";
    EXPECT_EQ(last({"a\n", "\n", "\n"}, 1), "|\n|");
    EXPECT_EQ(last({"a\nb\n"}, 0), "");
    EXPECT_EQ(last({}, 1), "");
}

TEST(LogText, Times) {
    EXPECT_EQ(time_stamp(0), "1970-01-01T00:00:00.000000000Z");
    EXPECT_EQ(time_stamp(1'769'864'709'000'000'001), "2026-01-31T13:05:09.000000001Z");
}

TEST(LogText, StampsStandBeforeLines) {
    bool begins = true;
    const std::string at = "1970-01-01T00:00:00.000000000Z ";
    EXPECT_EQ(stamped({.text = "a\nb"}, begins), at + "a\n" + at + "b");
    EXPECT_EQ(stamped({.text = "c\n\n"}, begins), "c\n" + at + "\n");
    EXPECT_EQ(stamped({.text = "d\n"}, begins), at + "d\n");
}

}  // namespace
}  // namespace container_tool
