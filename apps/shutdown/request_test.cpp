// SPDX-License-Identifier: MIT
#include "apps/shutdown/request.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace shutdown_tool {
namespace {

constexpr std::uint64_t noon = 20'000 * 86'400ULL + 12 * 3600 + 30;  // and half a minute

std::optional<Request> parse(std::vector<std::string> words) {
    return shutdown_tool::parse(words, noon);
}

TEST(Shutdown, TheUsualWays) {
    for (const auto& words : {std::vector<std::string>{}, {"now"}, {"-h", "now"}, {"-P"}, {"+0"}}) {
        const auto request = parse(words);
        ASSERT_TRUE(request);
        EXPECT_EQ(request->end, End::power_off);
        EXPECT_EQ(request->seconds, 0u);
    }
    EXPECT_EQ(parse({"-r", "+5"})->end, End::reboot);
    EXPECT_EQ(parse({"-r", "+5"})->seconds, 300u);
    EXPECT_EQ(parse({"-H"})->end, End::halt);
    EXPECT_EQ(parse({"12:05"})->seconds, 270u);
    EXPECT_EQ(parse({"12:00"})->seconds, 86'370u) << "tomorrow";
}

TEST(Shutdown, Mistakes) {
    for (const char* word : {"", "-x", "5", "+", "+x", "+-1", "+99999999", "24:00", "12:60",
                             "12:", ":5", "1:2:3", "tomorrow"})
        EXPECT_FALSE(parse({word})) << word;
    EXPECT_FALSE(parse({"now", "now"}));
}

}  // namespace
}  // namespace shutdown_tool
