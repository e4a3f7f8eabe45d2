// SPDX-License-Identifier: MIT
#include "servers/init/table.hpp"

#include <gtest/gtest.h>

#include "abi/kernel/operation.hpp"

namespace {

TEST(InitTable, FullServer) {
    const auto table = init::parse_table(R"(
# comment
server console /sbin/console   # the screen
    memory 4M
    priority 200
    restart 3
    argument one two
    receive display
    call input badge 0x10 as keys
    call tty
    grant log
    grant framebuffer as screen
    grant ports 0x3f8 8
    grant interrupt 4 level low as serial
)",
                                         "");
    ASSERT_TRUE(table.complaints.empty()) << table.complaints.front();
    ASSERT_EQ(table.servers.size(), 1U);
    const auto& server = table.servers[0];
    EXPECT_EQ(server.name, "console");
    EXPECT_EQ(server.file, "/sbin/console");
    EXPECT_EQ(server.memory, 4U << 20);
    EXPECT_EQ(server.priority, 200);
    EXPECT_EQ(server.restarts, 3U);
    EXPECT_EQ(server.arguments, std::vector<std::string>{"one two"});
    ASSERT_EQ(server.grants.size(), 7U);
    EXPECT_EQ(server.grants[0].name, "endpoint");
    EXPECT_EQ(server.grants[0].service, "display");
    EXPECT_EQ(server.grants[1].first, 0x10U);
    EXPECT_EQ(server.grants[1].name, "keys");
    EXPECT_EQ(server.grants[2].first, 1U);
    EXPECT_EQ(server.grants[2].name, "tty");
    EXPECT_EQ(server.grants[4].name, "screen");
    EXPECT_EQ(server.grants[5].first, 0x3f8U);
    EXPECT_EQ(server.grants[5].count, 8U);
    EXPECT_EQ(server.grants[6].flags, abi::InterruptFlags::level | abi::InterruptFlags::active_low);
}

TEST(InitTable, Conditions) {
    constexpr std::string_view text =
        "server a /a\nwhen exec\nserver b /b\nunless exec\nserver c /c\nwhen x\nwhen y\n";
    const auto names = [&](std::string_view command_line) {
        std::string all;
        for (const auto& server : init::parse_table(text, command_line).servers) {
            all += server.name;
        }
        return all;
    };
    EXPECT_EQ(names(""), "b");
    EXPECT_EQ(names("exec"), "a");
    EXPECT_EQ(names("quiet exec=1 x"), "a");
    EXPECT_EQ(names("y x executable"), "bc");
}

TEST(InitTable, EachMistakeIsNamedWithItsLine) {
    const auto complaint = [](std::string_view line) {
        const auto table = init::parse_table("server a /a\n" + std::string{line}, "");
        return table.complaints.empty() ? std::string{} : table.complaints.front();
    };
    EXPECT_EQ(complaint("frobnicate"), "line 2: unknown directive \"frobnicate\"");
    EXPECT_EQ(complaint("grant everything"), "line 2: unknown grant \"everything\"");
    EXPECT_EQ(complaint("memory 4"), "line 2: expected a size, such as 512K, 4M or all");
    EXPECT_EQ(complaint("memory 99999999999999999G"),
              "line 2: expected a size, such as 512K, 4M or all");
    EXPECT_EQ(complaint("priority 256"), "line 2: expected a priority from 0 to 255");
    EXPECT_EQ(complaint("restart sometimes"),
              "line 2: expected: restart always, never or a number");
    EXPECT_EQ(complaint("needs b"), "line 2: expected a server from above, not \"b\"");
    EXPECT_EQ(complaint("needs a"), "line 2: expected a server from above, not \"a\"");
    EXPECT_EQ(complaint("call"), "line 2: expected the name of a service");
    EXPECT_EQ(complaint("grant ports 0x"), "line 2: expected the first port");
    EXPECT_EQ(complaint("grant log as abcdefghijklmnopqrstuvwxyz"),
              "line 2: the name of a capability has 1 to 23 letters");
    EXPECT_EQ(complaint("grant log today"), "line 2: not understood \"today\"");
    EXPECT_EQ(complaint("server b"), "line 2: expected: server NAME FILE");
    EXPECT_EQ(init::parse_table("memory 4M", "").complaints.front(),
              "line 1: a server must come first");
}

TEST(InitTable, NeedsIncludeTheNeedsOfTheNeeded) {
    const auto table =
        init::parse_table("server a /a\nserver b /b\nneeds a\nserver c /c\nneeds b", "");
    ASSERT_TRUE(table.complaints.empty());
    EXPECT_TRUE(table.servers[0].needs.empty());
    EXPECT_EQ(table.servers[1].needs, std::vector<std::string>{"a"});
    EXPECT_EQ(table.servers[2].needs, (std::vector<std::string>{"b", "a"}));
}

TEST(InitTable, OtherLinesStillCount) {
    const auto table =
        init::parse_table("server a /a\nnonsense\nmemory 1M\nserver\npriority 3\nserver b /b", "");
    ASSERT_EQ(table.servers.size(), 2U);
    EXPECT_EQ(table.servers[0].memory, 1U << 20);
    EXPECT_EQ(table.servers[1].name, "b");
}

TEST(InitTable, Words) {
    EXPECT_TRUE(init::has_word("a exec b", "exec"));
    EXPECT_TRUE(init::has_word("exec=yes", "exec"));
    EXPECT_FALSE(init::has_word("noexec executable", "exec"));
    EXPECT_FALSE(init::has_word("a", ""));
}

}  // namespace
