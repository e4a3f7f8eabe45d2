// SPDX-License-Identifier: MIT
#include "shell/run/jobs.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace shell {
namespace {

constexpr int exited(int status) { return status << 8; }
constexpr int stopped(int signal) { return signal << 8 | 0x7f; }
constexpr int continued = 0xffff;

TEST(Jobs, FollowTheirProcesses) {
    JobTable table;
    Job& job = table.add({.processes = {{.pid = 10}, {.pid = 11}}, .source = "a | b"});
    EXPECT_EQ(job.state(), Job::State::running);
    EXPECT_TRUE(table.note(10, exited(3)));
    EXPECT_EQ(job.state(), Job::State::running);
    EXPECT_TRUE(table.note(11, stopped(SIGTSTP)));
    EXPECT_EQ(job.state(), Job::State::stopped);
    EXPECT_EQ(job.status(), 128 + SIGTSTP);
    EXPECT_TRUE(table.note(11, continued));
    EXPECT_EQ(job.state(), Job::State::running);
    EXPECT_TRUE(table.note(11, SIGKILL));
    EXPECT_EQ(job.state(), Job::State::done);
    EXPECT_EQ(job.status(), 128 + SIGKILL);
    EXPECT_FALSE(table.note(99, 0));
}

TEST(Jobs, AreFound) {
    JobTable table;
    Job& first = table.add({.processes = {{.pid = 1}}, .source = "sleep 5"});
    Job& second = table.add({.processes = {{.pid = 2}}, .source = "cat"});
    table.add({.processes = {{.pid = 3}}, .source = "in the foreground"});
    EXPECT_EQ(table.find("%"), nullptr);
    table.to_background(first);
    table.to_background(second);
    EXPECT_EQ(table.find("%1"), &first);
    EXPECT_EQ(table.find("%+"), &second);
    EXPECT_EQ(table.find("%-"), &first);
    EXPECT_EQ(table.find("%sl"), &first);
    EXPECT_EQ(table.find("%3"), nullptr);
    table.to_background(first);
    EXPECT_EQ(table.current(), &first);
    table.remove(first);
    EXPECT_EQ(table.current(), &second);
}

TEST(Jobs, AreDescribed) {
    JobTable table;
    Job& job = table.add({.processes = {{.pid = 1}}, .source = "sleep 5"});
    table.to_background(job);
    EXPECT_EQ(table.describe(job), "[1]+  Running           sleep 5 &");
    table.note(1, exited(2));
    EXPECT_EQ(table.describe(job), "[1]+  Exit 2            sleep 5");
}

}  // namespace
}  // namespace shell
