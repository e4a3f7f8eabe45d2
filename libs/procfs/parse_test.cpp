// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "libs/procfs/process.hpp"

namespace procfs {
namespace {

TEST(Procfs, StatIsRead) {
    Process process;
    ASSERT_TRUE(parse_stat(
        "17 (a) (b) S 5 18 16 1088 17 0 0 0 0 0 3 0 0 0 20 0 1 0 4250 8192 3 0\n", process));
    EXPECT_EQ(process.pid, 17u);
    EXPECT_EQ(process.name, "a) (b");
    EXPECT_EQ(process.state, 'S');
    EXPECT_EQ(process.parent, 5u);
    EXPECT_EQ(process.group, 18u);
    EXPECT_EQ(process.session, 16u);
    EXPECT_EQ(process.terminal, 1088u);
    EXPECT_EQ(process.started, 4250u);
    EXPECT_EQ(process.virtual_bytes, 8192u);
    for (const char* text : {"", "17", "17 (a", "17 (a)", "17 (a) S", "x (a) S 5 17 16 1 1 1",
                             "17 (a) S 5 17 16 1088 17 0 0 0 0 0 3 0 0 0 20 0 1 0 x 1 1\n",
                             "17 (a) SS 5 17 16 1088 17 0 0 0 0 0 3 0 0 0 20 0 1 0 1 1 1\n"})
        EXPECT_FALSE(parse_stat(text, process)) << text;
}

constexpr std::string_view status =
    "Name:\tcat\nState:\tS (sleeping)\nUid:\t1000\t1000\t1000\t1000\nVmSize:\t11044 kB\n"
    "VmRSS:\t396 kB\nCpuTime:\t12345678 ns\nMessages:\t77\n";

TEST(Procfs, StatusIsRead) {
    Process process;
    ASSERT_TRUE(parse_status(status, process));
    EXPECT_EQ(process.user, 1000u);
    EXPECT_EQ(process.memory_kib, 396u);
    EXPECT_EQ(process.cpu_ns, 12345678u);
    EXPECT_EQ(process.messages, 77u);
    EXPECT_EQ(process.container, "");
    const std::string inside = "Container:\tcat-6\nImage:\tcat\nContainerMem:\t400 kB\n";
    EXPECT_FALSE(parse_status(std::string(status) + inside, process)) << "no limit";
    ASSERT_TRUE(parse_status(std::string(status) + inside + "ContainerMax:\t16384 kB\n", process));
    EXPECT_EQ(process.container, "cat-6");
    EXPECT_EQ(process.image, "cat");
    EXPECT_EQ(process.container_kib, 400u);
    EXPECT_EQ(process.container_limit_kib, 16384u);
    for (const char* text : {"", "Uid", "Uid:\nVmRSS:\t1\nCpuTime:\t1\nMessages:\t1\n"})
        EXPECT_FALSE(parse_status(text, process)) << text;
}

TEST(Procfs, NumbersAreFoundInTheirLines) {
    constexpr std::string_view text = "cpu  5 0 0 9\nMemTotal:          65536 kB\nbtime 17\n";
    EXPECT_EQ(number_after(text, "MemTotal"), 65536u);
    EXPECT_EQ(number_after(text, "\nbtime"), 17u);
    EXPECT_EQ(number_after(text, "btime 17\n"), 0u);
    EXPECT_EQ(number_after(text, "nothing"), 0u);
}

TEST(Procfs, TerminalsHaveTheirNames) {
    EXPECT_EQ(terminal_name(0x401), "tty1");
    EXPECT_EQ(terminal_name(0x440), "ttyS0");
    EXPECT_EQ(terminal_name(0x8803), "pts/3");
    EXPECT_EQ(terminal_name(0x501), "5:1");
}

TEST(Procfs, NamesOfUsers) {
    constexpr std::string_view passwd = "root:x:0:0::/:/s\nadmin:x:1000:1000:a:/h:/s";
    EXPECT_EQ(user_name(passwd, 0), "root");
    EXPECT_EQ(user_name(passwd, 1000), "admin");
    EXPECT_EQ(user_name(passwd, 7), "7");
    EXPECT_EQ(user_name("broken\n::7\nx:y", 7), "7");
    EXPECT_EQ(user_id(passwd, "admin"), 1000u);
    EXPECT_EQ(user_id(passwd, "7"), 7u);
    EXPECT_EQ(user_id(passwd, "bob"), std::nullopt);
    EXPECT_EQ(user_id(passwd, ""), std::nullopt);
}

TEST(Procfs, NothingShownDoesAnythingToATerminal) {
    EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"), "a?[2Jb?c?");
    EXPECT_EQ(printable("\xc2\x9b"
                        "2J gr\xc3\xbc\xc3\x9f"
                        "e"),
              "?\x9b"
              "2J gr\xc3\xbc\xc3\x9f"
              "e");
    EXPECT_EQ(printable("end\xc2"), "end?");
}

}  // namespace
}  // namespace procfs
