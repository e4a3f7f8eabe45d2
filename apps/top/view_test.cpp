// SPDX-License-Identifier: MIT
#include "apps/top/view.hpp"

#include <csignal>

#include <gtest/gtest.h>

namespace top {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

Process make(std::uint32_t pid, std::uint32_t user, std::string container, std::uint64_t cpu_ns,
             std::uint64_t messages) {
    Process process;
    process.pid = pid;
    process.state = pid == 4 ? 'R' : 'S';
    process.started = 100;
    process.user = user;
    process.memory_kib = 100 * (10 - pid);
    process.cpu_ns = cpu_ns;
    process.messages = messages;
    process.image = container.substr(0, container.find('-'));
    process.container = std::move(container);
    process.container_kib = 2000;
    process.container_limit_kib = 16'384;
    process.name = "name" + std::to_string(pid);
    process.arguments = "do " + std::to_string(pid);
    return process;
}

Snapshot at(std::uint64_t seconds, std::vector<Process> processes) {
    Snapshot snapshot{.at_ns = seconds * second, .processes = std::move(processes)};
    read_system_files(
        snapshot,
        "cpu  " + std::to_string(seconds * 50) + " 0 0 70 0\ncpu0 1 0\ncpu1 1 0\nintr 0\n",
        "MemTotal:          65536 kB\nMemFree:     45056 kB\n", "0.10 0.20 0.30 1/7 12\n");
    return snapshot;
}

class ViewTest : public testing::Test {
protected:
    View view{View::Options{}, "root:x:0:\nadmin:x:1000:\n"};

    void SetUp() override { look(); }
    // Twice, two seconds apart.
    void look() {
        view.take(at(11, {make(3, 0, "login-3", second, 100), make(4, 1000, "cat-4", second, 0),
                          make(7, 1000, "nap-7", 0, 50)}),
                  3661);
        view.take(at(13, {make(3, 0, "login-3", second + second / 10, 300),
                          make(4, 1000, "cat-4", 2 * second, 100),
                          make(5, 1000, "cat-4", second, 1200), make(7, 1000, "nap-7", 0, 50)}),
                  3663);
    }
    std::string shown(Size size = {}) {
        std::string text;
        for (const Line& line : view.lines(size)) text += line.text + "\n";
        return text;
    }
    // The first words of the rows.
    std::string order() {
        std::string text;
        const auto lines = view.lines({});
        for (std::size_t i = 4; i < lines.size(); ++i) {
            const std::string& row = lines[i].text;
            const std::size_t start = row.find_first_not_of(' ');
            text += row.substr(start, row.find(' ', start) - start) + " ";
        }
        return text;
    }
    View::Outcome type(std::string_view keys) {
        View::Outcome last;
        for (const char one : keys) last = view.press(one);
        return last;
    }
};

TEST_F(ViewTest, WhatEachDidSinceTheLastLook) {
    EXPECT_EQ(shown(),
              "top - 01:01:03 up 00:00:13, load 0.10 0.20 0.30, by CPU\n"
              "4 processes, 1 running  CPU 50.0%  memory 20.0M of 64.0M  messages 250/s\n"
              "q quit  P M I T N order  R reverse  c containers  / filter  k kill\n"
              "  PID USER     CONTAINER      S  %CPU    MEM  MSG/S     TIME COMMAND\n"
              "    4 admin    cat-4          R  50.0   600K     50  0:02.00 do 4\n"
              "    5 admin    cat-4          S   8.3   500K    100  0:01.00 do 5\n"
              "    3 root     login-3        S   5.0   700K    100  0:01.10 do 3\n"
              "    7 admin    nap-7          S   0.0   300K      0  0:00.00 do 7\n");
}

TEST_F(ViewTest, AnotherProcessWithTheSameNumberIsNew) {
    Process other = make(4, 1000, "cat-9", second / 10, 12);
    other.started = 1300;  // ticks: a second ago
    view.take(at(14, {other}), 0);
    EXPECT_NE(shown().find(" 10.0   600K     12  0:00.10 do 4\n"), std::string::npos) << shown();
}

TEST_F(ViewTest, WhoBeginsToCountAnewIsNotUsedUp) {
    view.take(at(15, {make(4, 1000, "sort-8", second / 10, 20)}), 0);
    EXPECT_NE(shown().find("  5.0   600K     10  0:00.10 do 4\n"), std::string::npos) << shown();
}

TEST_F(ViewTest, KeysSortAndAgainBackwards) {
    EXPECT_EQ(order(), "4 5 3 7 ");
    type("M");
    EXPECT_EQ(order(), "3 4 5 7 ");
    type("I");
    EXPECT_EQ(order(), "3 5 4 7 ");
    type("T");
    EXPECT_EQ(order(), "4 3 5 7 ");
    type("N");
    EXPECT_EQ(order(), "3 4 5 7 ");
    type("N");
    EXPECT_EQ(order(), "7 5 4 3 ");
    type("R");
    EXPECT_EQ(order(), "3 4 5 7 ");
}

TEST_F(ViewTest, ByContainerAndItsProcesses) {
    type("c");
    const std::string text = shown();
    EXPECT_NE(
        text.find(
            "CONTAINER      IMAGE        USER     PROCS  %CPU    MEM  LIMIT  MSG/S     TIME\n"
            "cat-4          cat          admin        2  58.3  2000K  16.0M    150  0:03.00\n"
            "login-3        login        root         1   5.0  2000K  16.0M    100  0:01.10\n"),
        std::string::npos)
        << text;
    type("k");
    EXPECT_EQ(shown(), text) << "a container is no process";
    view.press(key::enter);
    EXPECT_EQ(order(), "4 5 ");
    EXPECT_NE(shown().find("\nin cat-4  q quit"), std::string::npos);
    type("c");
    EXPECT_EQ(order(), "cat-4 login-3 nap-7 ");
}

TEST_F(ViewTest, AFilterLooksAtAllWords) {
    type("/cat\r");
    EXPECT_EQ(order(), "4 5 ");
    EXPECT_NE(shown().find("\nwith `cat`  q quit"), std::string::npos);
    type("/\x7f\x7f\x7f\x7froot\r");
    EXPECT_EQ(order(), "3 ");
    type("/\x7f\x7f\x7f\x7fx");
    EXPECT_NE(shown().find("\nShow only what has in it: x_\n"), std::string::npos);
    view.press(key::escape);
    EXPECT_EQ(order(), "3 ") << "as before";
    type("/\x7f\x7f\x7f\x7f\r");
    EXPECT_EQ(order(), "4 5 3 7 ");
}

TEST_F(ViewTest, KillAsksWhomAndHow) {
    view.press(key::down);
    type("k");
    EXPECT_NE(shown().find("\nKill the process: 5_\n"), std::string::npos);
    EXPECT_FALSE(view.press(key::enter).kill);
    EXPECT_NE(shown().find("\nSignal to 5: TERM_\n"), std::string::npos);
    look();
    const auto killed = view.press(key::enter).kill;
    ASSERT_TRUE(killed);
    EXPECT_EQ(killed->pid, 5u);
    EXPECT_EQ(killed->signal, SIGTERM);
    const auto by_number = type(
                               "k\x7f"
                               "12\r\x7f\x7f\x7f\x7f"
                               "9\r")
                               .kill;
    ASSERT_TRUE(by_number);
    EXPECT_EQ(by_number->pid, 12u);
    EXPECT_EQ(by_number->signal, SIGKILL);
    EXPECT_FALSE(type("k\x7f"
                      "x\r")
                     .kill);
    EXPECT_NE(shown().find("\nx is not the number of a process\n"), std::string::npos);
    EXPECT_FALSE(type("k\r\x7fx\r").kill);
    EXPECT_NE(shown().find("\nTERx is not a signal\n"), std::string::npos);
    EXPECT_FALSE(type("k\r\x1b").kill);
}

TEST_F(ViewTest, TheChosenOneStaysChosenAndInSight) {
    view.press(key::end);
    auto lines = view.lines({.lines = 6, .columns = 20});
    ASSERT_EQ(lines.size(), 6u);
    EXPECT_EQ(lines[3].style, Line::Style::head);
    EXPECT_EQ(lines[5], (Line{"    7 admin    nap-7", Line::Style::chosen}));
    type("MR");
    lines = view.lines({.lines = 6, .columns = 20});
    EXPECT_EQ(lines[4], (Line{"    7 admin    nap-7", Line::Style::chosen}));
    view.take(at(15, {make(3, 0, "login-3", second, 100)}), 0);
    EXPECT_EQ(view.lines({}).back().style, Line::Style::chosen);
    view.take(at(16, {}), 0);
    EXPECT_EQ(view.lines({}).size(), 4u);
    for (const int key : {key::up, key::down, key::page_up, key::page_down, key::home, key::end})
        view.press(key);
    type("k");
    EXPECT_EQ(view.lines({}).size(), 4u);
    EXPECT_EQ(view.lines({.lines = 2, .columns = 5}).size(), 2u);
}

TEST_F(ViewTest, TheEnd) {
    EXPECT_TRUE(type("q").quit);
    EXPECT_FALSE(type("/q").quit);
    EXPECT_TRUE(view.press(key::end_of_text).quit) << "whatever is asked";
    EXPECT_TRUE(view.press(0x1a).stop);
}

TEST_F(ViewTest, OnlyWhatTheOptionsSay) {
    View::Options options{.order = Order::number, .user = "admin", .pids = {3, 5}};
    View narrow(options, "root:x:0:\nadmin:x:1000:\n");
    narrow.take(
        at(11, {make(3, 0, "a-1", 0, 0), make(4, 1000, "a-1", 0, 0), make(5, 1000, "b-2", 0, 0)}),
        0);
    const auto lines = narrow.lines({.lines = 0, .columns = 0});
    ASSERT_EQ(lines.size(), 5u);
    EXPECT_EQ(lines[2].text, "") << "no keys in a list";
    EXPECT_EQ(lines[4].text.substr(0, 8), "    5 ad");
    EXPECT_EQ(lines[4].style, Line::Style::plain);
}

}  // namespace
}  // namespace top
