// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "apps/top/ps_options.hpp"

namespace top {
namespace {

constexpr std::string_view passwd = "root:x:0:0::/:/s\nadmin:x:1000:1000:a:/h:/s\n";

Process make(std::uint32_t pid, std::uint32_t user, std::uint32_t terminal, std::string name) {
    Process process;
    process.pid = process.group = pid;
    process.parent = 2;
    process.session = terminal == 0 ? pid : 3;
    process.state = 'S';
    process.terminal = terminal;
    process.started = 100 * pid;
    process.virtual_bytes = 11 << 20;
    process.user = user;
    process.memory_kib = 396 * pid;
    process.cpu_ns = 250'000'000ULL * pid;
    process.messages = 10 * pid;
    process.name = name;
    process.arguments = name + " --all";
    process.container = name + "-" + std::to_string(pid);
    process.image = std::move(name);
    return process;
}

const System some_system{.passwd = std::string(passwd),
                         .boot_time = 1'767'225'600,
                         .uptime = 2'000,
                         .memory_kib = 65'536};

std::vector<Process> some() {
    std::vector<Process> all{make(2, 0, 0, "login"), make(3, 1000, 0x440, "shell"),
                             make(9, 1000, 0x440, "ps"), make(11, 1000, 0x401, "cat"),
                             make(12, 1000, 0, "nap")};
    all[0].arguments.clear();
    return all;
}

std::string run(std::vector<std::string> words) {
    const auto options = parse_ps(words, passwd);
    if (!options) return options.error();
    const std::vector<Process> all = some();
    std::vector<Process> chosen;
    for (const Process& process : all) {
        if (options->selection.means(process, all[2])) chosen.push_back(process);
    }
    if (options->sorted_by != nullptr)
        sort_by(chosen, some_system, *options->sorted_by, options->backwards);
    return table(chosen, some_system, options->shown, options->wide ? 0 : 80, options->with_head);
}

std::string pids(std::vector<std::string> words) {
    words.insert(words.end(), {"-o", "pid="});
    std::string text = run(words);
    std::erase(text, ' ');
    std::ranges::replace(text, '\n', ' ');
    return text;
}

// Scripts read these: they stay as they are.
TEST(Ps, FormatsAreStable) {
    EXPECT_EQ(run({}),
              "  PID TTY         TIME CMD\n"
              "    3 ttyS0   00:00:00 shell\n"
              "    9 ttyS0   00:00:02 ps\n");
    EXPECT_EQ(run({"-ef"}),
              "UID        PID  PPID  C STIME TTY         TIME CMD\n"
              "root         2     2  2 00:00 ?       00:00:00 [login]\n"
              "admin        3     2  4 00:00 ttyS0   00:00:00 shell --all\n"
              "admin        9     2 20 00:00 ttyS0   00:00:02 ps --all\n"
              "admin       11     2 30 00:00 tty1    00:00:02 cat --all\n"
              "admin       12     2 37 00:00 ?       00:00:03 nap --all\n");
    EXPECT_EQ(run({"aux", "--sort", "-rss"}),
              "USER       PID  %CPU %MEM    VSZ    RSS TTY     STAT START     TIME COMMAND\n"
              "admin       12  37.5  7.2  11264   4752 ?       Ss   00:00 00:00:03 nap --all\n"
              "admin       11  30.5  6.6  11264   4356 tty1    S    00:00 00:00:02 cat --all\n"
              "admin        9  20.4  5.4  11264   3564 ttyS0   S    00:00 00:00:02 ps --all\n"
              "admin        3   4.4  1.8  11264   1188 ttyS0   Ss   00:00 00:00:00 shell --all\n"
              "root         2   2.7  1.2  11264    792 ?       Ss   00:00 00:00:00 [login]\n");
}

TEST(Ps, TheUsualWaysToSelect) {
    EXPECT_EQ(pids({}), "3 9 ");
    for (const char* all : {"-e", "-A", "ax", "aux", "-aux", "auxww"})
        EXPECT_EQ(pids({all}), "2 3 9 11 12 ") << all;
    EXPECT_EQ(pids({"x"}), "3 9 11 12 ");
    EXPECT_EQ(pids({"a"}), "3 9 11 ");
    EXPECT_EQ(pids({"-a"}), "9 11 ");
    EXPECT_EQ(pids({"-d"}), "9 11 ");
    EXPECT_EQ(pids({"-p", "2,12"}), "2 12 ");
    EXPECT_EQ(pids({"-p2", "12"}), "2 12 ");
    EXPECT_EQ(pids({"-u", "root"}), "2 ");
    EXPECT_EQ(pids({"--user=1000"}), "3 9 11 12 ");
    EXPECT_EQ(pids({"-t", "/dev/tty1"}), "11 ");
    EXPECT_EQ(pids({"-C", "nap,cat"}), "11 12 ");
    EXPECT_EQ(pids({"--ppid", "2"}), "2 3 9 11 12 ");
    EXPECT_EQ(pids({"--container", "cat-11"}), "11 ");
    EXPECT_EQ(pids({"-s", "3"}), "3 9 11 ");
}

TEST(Ps, ColumnsAsOneWantsThem) {
    EXPECT_EQ(run({"-p", "11", "-o", "pid,user=WHO", "-o", "args"}),
              "  PID WHO      COMMAND\n   11 admin    cat --all\n");
    EXPECT_EQ(run({"-p", "11", "-o", "pid=", "-o", "msgs=", "-o", "comm="}),
              "   11      110 cat\n");
    EXPECT_EQ(run({"-p", "11", "ho", "pid=A, B"}), "   11\n");
    EXPECT_EQ(run({"-p", "11", "-o", "etime,etimes,start,pcpu,pmem,image,container,stat"}),
              " ELAPSED ELAPSED START  %CPU %MEM IMAGE        CONTAINER      STAT\n"
              "00:00:09       9 00:00  30.5  6.6 cat          cat-11         S\n");
    EXPECT_EQ(run({"--containers", "-p", "2"}),
              "USER       PID CONTAINER       %CPU    RSS     MSGS     TIME COMMAND\n"
              "root         2 login-2          2.7    792       20 00:00:00 [login]\n");
}

TEST(Ps, Order) {
    EXPECT_EQ(pids({"-e", "--sort", "-msgs"}), "12 11 9 3 2 ");
    EXPECT_EQ(pids({"-e", "--sort=comm"}), "11 2 12 9 3 ");
    EXPECT_EQ(pids({"-e", "--sort", "user"}), "3 9 11 12 2 ") << "equal ones stay in order";
}

TEST(Ps, MistakesAreTold) {
    EXPECT_EQ(run({"-Z"}), "no option -Z");
    EXPECT_EQ(run({"axQ"}), "no option Q");
    EXPECT_EQ(run({"--nothing"}), "no option --nothing");
    EXPECT_EQ(run({"-p", "x"}), "x is not the number of a process");
    EXPECT_EQ(run({"-p", "0"}), "0 is not the number of a process");
    EXPECT_EQ(run({"-p", "4294967296"}), "4294967296 is not the number of a process");
    EXPECT_EQ(run({"-p"}), "-p needs a value");
    EXPECT_EQ(run({"--sort"}), "--sort needs a value");
    EXPECT_EQ(run({"-u", "bob"}), "there is no user bob");
    EXPECT_EQ(run({"-o", "pid,wrong"}).substr(0, 15), "no column wrong");
    EXPECT_EQ(run({"-o", "=x"}).substr(0, 8), "-o needs");
    EXPECT_EQ(run({"--sort", "wrong"}).substr(0, 15), "no column wrong");
}

TEST(Ps, LinesEndAtTheEdgeOfTheTerminal) {
    std::vector<Process> one{make(3, 0, 0, "x")};
    one[0].arguments =
        "gr\xc3\xbc\xc3\x9f"
        "e " +
        std::string(100, 'x');
    const std::vector<Shown> shown{{find_column("pid"), "PID"}, {find_column("args"), "CMD"}};
    EXPECT_EQ(table(one, some_system, shown, 10, false), "    3 gr\xc3\xbc\xc3\x9f\n");
    EXPECT_EQ(table(one, some_system, shown, 0, false).size(), 6 + one[0].arguments.size() + 1);
}

TEST(Ps, WordsForNumbers) {
    EXPECT_EQ(clock_text(59), "00:00:59");
    EXPECT_EQ(clock_text(3 * 86400 + 7265), "3-02:01:05");
    EXPECT_EQ(size_text(396), "396K");
    EXPECT_EQ(size_text(12'595), "12.2M");
    EXPECT_EQ(size_text(15 * 1024 * 1024), "15.0G");
    EXPECT_EQ(share_of(500'000'000, 1'000'000'000), 500U);
    EXPECT_EQ(share_of(1, 0), 0U);
    EXPECT_EQ(fit("gr\xc3\xbc", 4), "gr\xc3\xbc ");
    EXPECT_EQ(fit("12345", 3, true), "123");
}

}  // namespace
}  // namespace top
