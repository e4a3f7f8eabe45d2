// SPDX-License-Identifier: MIT
#include "apps/account/sessions.hpp"

#include <gtest/gtest.h>

namespace account {
namespace {

TEST(Sessions, AProcessIsRead) {
    const auto line =
        parse_process("17 (a) (b) S 5 17 16 1088 17 0 0 0 0 0 3 0 0 0 20 0 1 0 4250 8192 3 0\n");
    ASSERT_TRUE(line);
    EXPECT_EQ(line->pid, 17u);
    EXPECT_EQ(line->name, "a) (b");
    EXPECT_EQ(line->session, 16u);
    EXPECT_EQ(line->terminal, 1088u);
    EXPECT_EQ(line->started, 4250u);
    for (const char* text : {"", "17", "17 (a", "17 (a)", "17 (a) S", "x (a) S 5 17 16 1 1 1",
                             "17 (a) S 5 17 16 1088 17 0 0 0 0 0 3 0 0 0 20 0 1 0 x 1\n"})
        EXPECT_FALSE(parse_process(text)) << text;
}

TEST(Sessions, TerminalsHaveTheirNames) {
    EXPECT_EQ(terminal_name(0x401), "tty1");
    EXPECT_EQ(terminal_name(0x440), "ttyS0");
    EXPECT_EQ(terminal_name(0x8803), "pts/3");
    EXPECT_EQ(terminal_name(0x501), "5:1");
}

TEST(Sessions, NamesOfUsers) {
    constexpr std::string_view passwd = "root:x:0:0::/:/s\nadmin:x:1000:1000:a:/h:/s";
    EXPECT_EQ(user_name(passwd, 0), "root");
    EXPECT_EQ(user_name(passwd, 1000), "admin");
    EXPECT_EQ(user_name(passwd, 7), "7");
    EXPECT_EQ(user_name("broken\n::7\nx:y", 7), "7");
}

}  // namespace
}  // namespace account
