// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cstring>

#include "servers/procmgr/model/authority.hpp"
#include "servers/procmgr/model/end_text.hpp"
#include "servers/procmgr/model/image_block.hpp"
#include "servers/procmgr/model/plan.hpp"
#include "servers/procmgr/model/proc_text.hpp"
#include "servers/procmgr/model/start_table.hpp"
#include "servers/procmgr/model/text.hpp"
#include "servers/procmgr/model/users.hpp"

namespace procmgr {
namespace {

ImageBlock example() {
    ImageBlock image;
    image.arguments = {"cat", "a", "b b"};
    image.environment = {"PATH=/bin", "LANG=C"};
    image.path = "/bin/cat";
    image.directory = "/home";
    image.executable = 17;
    image.umask = 077;
    image.descriptors.resize(2);
    image.descriptors[1].descriptor = 5;
    image.descriptors[1].capabilities[0] = 20;
    return image;
}

TEST(Text, NothingThatATerminalWouldObey) {
    EXPECT_EQ(printable("a\x1b[2Jb\n\x7f"), "a?[2Jb??");
    EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
    EXPECT_EQ(parse_number("12"), 12u);
    EXPECT_FALSE(parse_number(""));
    EXPECT_FALSE(parse_number("12x"));
    EXPECT_FALSE(parse_number("99999999999"));
}

TEST(ImageBlock, RoundTrip) {
    const auto bytes = build_image(example());
    ASSERT_TRUE(bytes);
    const auto image = parse_image(*bytes);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->arguments, example().arguments);
    EXPECT_EQ(image->environment, example().environment);
    EXPECT_EQ(image->path, "/bin/cat");
    EXPECT_EQ(image->directory, "/home");
    EXPECT_EQ(image->executable, 17u);
    EXPECT_EQ(image->umask, 077u);
    ASSERT_EQ(image->descriptors.size(), 2u);
    EXPECT_EQ(image->descriptors[1].capabilities[0], 20u);
    EXPECT_EQ(joined_arguments(*image), std::string("cat\0a\0b b\0", 10));
}

// Whatever a hostile client writes: an error, or a block that could be built again.
TEST(ImageBlock, EveryDamagedHeaderIsHarmless) {
    const auto good = *build_image(example());
    for (std::size_t at = 0; at < sizeof(process::ImageStart); ++at) {
        for (const unsigned value : {0x00U, 0x01U, 0x7fU, 0x80U, 0xffU}) {
            auto bytes = good;
            bytes[at] = static_cast<std::byte>(value);
            if (const auto image = parse_image(bytes)) {
                EXPECT_TRUE(build_image(*image));
            }
        }
    }
}

TEST(ImageBlock, EveryTruncationIsRefused) {
    const auto good = *build_image(example());
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_FALSE(parse_image(std::span{good}.first(length)));
    }
}

TEST(ImageBlock, ArgumentListTooLong) {
    ImageBlock image = example();
    image.arguments.emplace_back(max_image_block, 'x');
    EXPECT_EQ(build_image(image).error(), Status::too_big);
}

class NoImages final : public cluufile::ImageSource {
public:
    std::optional<std::string_view> find(std::string_view) override { return std::nullopt; }
};

Plan plan_from(std::string_view text) {
    NoImages images;
    const auto file = cluufile::parse("cat", text, images);
    EXPECT_TRUE(file);
    return plan_of("cat", *file);
}

TEST(Plan, ImageOfPath) {
    EXPECT_EQ(image_of_path("/bin/cat").name, "cat");
    EXPECT_EQ(image_of_path("/usr/bin/cat").name, "cat");
    EXPECT_FALSE(image_of_path("/bin/cat").demanded);
    EXPECT_EQ(image_of_path("/var/images/cat/Cluufile").name, "cat");
    EXPECT_TRUE(image_of_path("/var/images/cat/Cluufile").demanded);
    for (const char* none :
         {"/bin/", "/bin/a/b", "/bin/..", "/tmp/cat", "cat", "", "/bin/[", "/var/images//Cluufile",
          "/var/images/Cluufile", "/var/images/a/b/Cluufile"}) {
        EXPECT_EQ(image_of_path(none).name, "") << none;
    }
}

TEST(Plan, EntrypointWordsComeFirst) {
    ImageBlock image = example();
    apply(plan_from("ENTRYPOINT /bin/busybox cat\nENV LANG=de X=1\n"), image);
    EXPECT_EQ(image.path, "/bin/busybox");
    EXPECT_EQ(image.arguments, (std::vector<std::string>{"cat", "a", "b b"}));
    EXPECT_EQ(image.environment, (std::vector<std::string>{"PATH=/bin", "LANG=de", "X=1"}));
}

TEST(Plan, ProgramAloneKeepsTheStartersName) {
    ImageBlock image = example();
    apply(plan_from("ENTRYPOINT /bin/hello\n"), image);
    EXPECT_EQ(image.arguments.front(), "cat");
    image.arguments.clear();
    apply(plan_from("ENTRYPOINT /bin/hello\n"), image);
    EXPECT_EQ(image.arguments, std::vector<std::string>{"/bin/hello"});
}

TEST(Plan, DefaultArgumentsGiveWayToThoseOfTheStarter) {
    const Plan plan = plan_from("ENTRYPOINT /bin/busybox ls\nCMD -l /\nPROFILE vfs\nWORKDIR /w\n");
    ImageBlock image = example();
    EXPECT_EQ(apply(plan, image), 1u);
    EXPECT_EQ(image.arguments, (std::vector<std::string>{"ls", "a", "b b"}));
    EXPECT_EQ(image.directory, "/w");
    image.arguments = {"x"};
    EXPECT_EQ(apply(plan, image), 3u) << "none of these is the starter's";
    EXPECT_EQ(image.arguments, (std::vector<std::string>{"ls", "-l", "/"}));
}

TEST(Plan, UsersOfAnImage) {
    constexpr std::string_view users = "root:x:0:0::/:/bin/sh\nann:x:1000:100::/home/ann:\n";
    constexpr std::string_view groups = "root:x:0:\nusers:x:100:ann\nstaff:x:50:\n";
    const auto of = [&](std::string_view user, std::string_view group = {}) {
        return find_user(user, group, users, groups);
    };
    EXPECT_EQ(of("ann"), (Identity{1000, 100}));
    EXPECT_EQ(of("1000"), (Identity{1000, 100}));
    EXPECT_EQ(of("ann", "staff"), (Identity{1000, 50}));
    EXPECT_EQ(of("ann", "7"), (Identity{1000, 7}));
    EXPECT_EQ(of("65534"), (Identity{65534, 65534}));
    EXPECT_EQ(of("bob"), std::nullopt);
    EXPECT_EQ(of("ann", "nobody"), std::nullopt);
    EXPECT_EQ(find_user("ann", {}, "ann:x:many:1::\n", {}), std::nullopt);
    EXPECT_EQ(find_user("ann", {}, {}, {}), std::nullopt);
}

TEST(Plan, ACheckHasTheImagesVariables) {
    const ImageBlock image = check_image(
        plan_from("ENTRYPOINT /bin/x\nENV PATH=/opt A=1\nHEALTHCHECK /bin/busybox test\n"));
    EXPECT_EQ(image.path, "/bin/busybox");
    EXPECT_EQ(image.arguments, (std::vector<std::string>{"/bin/busybox", "test"}));
    EXPECT_EQ(image.environment, (std::vector<std::string>{"HOME=/", "PATH=/opt", "A=1"}));
    EXPECT_EQ(image.directory, "/");
}

TEST(Plan, AFurtherProgramIsWhereTheContainerStarts) {
    ImageBlock image;
    image.directory = "/home/ann";
    image.environment = {"A=1", "B=2"};
    place_inside(plan_from("ENV B=3\n"), image);
    EXPECT_EQ(image.directory, "/");
    EXPECT_EQ(image.environment, (std::vector<std::string>{"A=1", "B=3"}));
    place_inside(plan_from("PROFILE vfs\nMOUNT / readonly\nWORKDIR /srv\n"), image);
    EXPECT_EQ(image.directory, "/srv");
}

TEST(EndText, SaysWhatEndedIt) {
    using container::Cause;
    constexpr std::uint32_t killed = 9;
    EXPECT_EQ(end_text({.status = 3 << 8}), "exit status 3");
    EXPECT_EQ(end_text({.status = 11}), "ended by SIGSEGV: an access to memory that is not there");
    EXPECT_EQ(end_text({.status = 11, .cause = Cause::signalled}), "ended by SIGSEGV");
    EXPECT_EQ(end_text({.status = 34}), "ended by signal 34");
    EXPECT_EQ(end_text({.status = killed, .cause = Cause::memory, .memory_limit = 4 << 20}),
              "ended by SIGKILL: over its memory of 4 MiB");
    EXPECT_EQ(end_text({.status = killed, .cause = Cause::time, .time_limit_ms = 2000}),
              "ended: its time of 2 s is over");
    EXPECT_EQ(end_text({.status = killed, .cause = Cause::time, .time_limit_ms = 1500}),
              "ended: its time of 1500 ms is over");
    // Some other process of the container was killed for want of memory; the first one ended by itself.
    EXPECT_EQ(end_text({.status = 0, .cause = Cause::memory, .memory_limit = 4 << 20}),
              "exit status 0; one of its processes was killed: over its memory of 4 MiB");
    EXPECT_EQ(end_text({.status = killed, .cause = Cause::unhealthy, .bad_checks = 3}),
              "ended: unhealthy, its HEALTHCHECK failed 3 times in a row");
    EXPECT_EQ(end_text({.status = 15, .cause = Cause::stopped}), "stopped by SIGTERM");
    EXPECT_EQ(end_text({.status = 0, .cause = Cause::stopped}), "stopped, exit status 0");
    EXPECT_EQ(end_text({.status = 15, .cause = Cause::stopped, .before = "db"}),
              "stopped by SIGTERM, before db, which it needs");
    EXPECT_EQ(end_text({.status = 2 << 8, .process_limit = 5}),
              "exit status 2; it had met its limit of 5 processes");
    EXPECT_EQ(end_text({.status = 1 << 8, .given_up = 3}),
              "exit status 1; given up after 3 failures in a row");
    EXPECT_EQ(end_text({.status = 1 << 8, .start_failure = "no room for it"}),
              "exit status 1; it could not be started again: no room for it");
}

TEST(Plan, MountRulesOfTheMessage) {
    const auto rules = mount_rules(plan_from("PROFILE vfs\nMOUNT / readonly\nMOUNT /tmp private\n"
                                             "MOUNT /sized private 1M\n"),
                                   4096);
    ASSERT_TRUE(rules);
    names::MountRule rule;
    std::memcpy(&rule, rules->data(), sizeof rule);
    EXPECT_EQ(rule.access, names::Access::read_only);
    EXPECT_EQ(rule.path_length, 1u);
    EXPECT_EQ(rule.limit, 0u);
    std::memcpy(&rule, rules->data() + rule.record_length, sizeof rule);
    EXPECT_EQ(rule.access, names::Access::private_tmpfs);
    EXPECT_EQ(rule.path_length, 4u);
    EXPECT_EQ(rule.limit, 4096u);
    std::size_t at = rule.record_length;
    std::memcpy(&rule, rules->data(), sizeof rule);
    at += rule.record_length;
    std::memcpy(&rule, rules->data() + at, sizeof rule);
    EXPECT_EQ(rule.limit, 1u << 20);
    EXPECT_EQ(rules->size() % 8, 0u);
}

// "path rights beside" of each record.
std::vector<std::string> granted(const Plan& plan, const ImageBlock& image, std::size_t first = 1,
                                 std::size_t most = names::Derive::payload) {
    std::vector<std::string> all;
    GrantedNames names{plan, image, 42, first};
    for (bool more = true; more;) {
        std::vector<std::byte> payload;
        more = names.append(payload, most);
        EXPECT_LE(payload.size(), most);
        for (std::size_t at = 0; at < payload.size();) {
            names::MountRule rule;
            std::memcpy(&rule, payload.data() + at, sizeof rule);
            EXPECT_EQ(rule.access, names::Access::granted);
            std::string path(rule.path_length, ' ');
            std::memcpy(path.data(), payload.data() + at + sizeof rule, path.size());
            all.push_back(path + " " + std::to_string(rule.rights) + " " +
                          std::to_string(rule.beside));
            at += rule.record_length;
        }
    }
    EXPECT_LE(all.size(), names.count() * 2);
    return all;
}

TEST(Plan, ArgumentsThatAreNames) {
    ImageBlock image;
    image.directory = "/home/ann";
    image.arguments = {"x", "-rf",  "a",       "/b/c", "--to=/d", "if=e=f", "-",
                       "",  "../g", "--none=", "--",   "-h",      "-i=j"};
    EXPECT_EQ(
        granted(plan_from("PROFILE vfs\nGRANT argv read create\nGRANT beside write\n"), image),
        (std::vector<std::string>{"/home/ann 0 0", "/home/ann/a 5 2", "/b/c 5 2", "/d 5 2",
                                  "/home/ann/if=e=f 5 2", "/home/ann/e=f 5 2", "/home/ann/../g 5 2",
                                  "/home/ann/-h 5 2", "/home/ann/-i=j 5 2", "/home/ann/j 5 2"}));
    EXPECT_EQ(granted(plan_from("PROFILE vfs\nGRANT cwd read\n"), image),
              std::vector<std::string>{"/home/ann 1 0"});
    EXPECT_TRUE(granted(plan_from("PROFILE vfs\nMOUNT / inherit\n"), image).empty());
}

TEST(Plan, TheProgramsOwnNumberIsKnown) {
    ImageBlock image;
    image.directory = "/proc";
    image.arguments = {"x", "self/fd", "/proc/self", "/proc/selfish"};
    EXPECT_EQ(granted(plan_from("PROFILE vfs\nGRANT argv read\n"), image),
              (std::vector<std::string>{"/proc 0 0", "/proc/42/fd 1 0", "/proc/42 1 0",
                                        "/proc/selfish 1 0"}));
}

TEST(Plan, WordsOfTheEntrypointAreNoNames) {
    const Plan plan = plan_from("PROFILE vfs\nGRANT argv read\nENTRYPOINT /bin/busybox sh -c\n");
    ImageBlock image;
    image.directory = "/d";
    image.arguments = {"boss", "a"};
    const std::vector<std::string> wanted{"/d 0 0", "/d/a 1 0"};
    EXPECT_EQ(granted(plan, image), wanted);
    EXPECT_EQ(granted(plan, image, apply(plan, image)), wanted);
}

TEST(Plan, ManyNamesGoInManyMessages) {
    const Plan plan = plan_from("PROFILE vfs\nGRANT argv read\n");
    ImageBlock image;
    image.directory = "/d";
    image.arguments = {"rm"};
    for (int i = 0; i < 5000; ++i) {
        image.arguments.push_back("file" + std::to_string(i));
    }
    image.arguments.push_back(std::string(4090, 'l'));  // no path is so long
    image.arguments.push_back("last");
    const auto all = granted(plan, image);
    ASSERT_EQ(all.size(), 5002u);
    EXPECT_EQ(all[5000], "/d/file4999 1 0");
    EXPECT_EQ(all.back(), "/d/last 1 0");
}

TEST(Plan, ContainersThatSeeOnlyTheirOwnProcessesGetARuleForThem) {
    const auto last_access = [](std::string_view text) {
        const auto rules = *mount_rules(plan_from(text));
        names::Access last = names::Access::none;
        for (std::size_t at = 0; at < rules.size();) {
            names::MountRule rule;
            std::memcpy(&rule, rules.data() + at, sizeof rule);
            last = rule.access;
            at += rule.record_length;
        }
        return last;
    };
    EXPECT_EQ(last_access("PROFILE vfs\nMOUNT / readonly\n"), names::Access::given);
    EXPECT_EQ(last_access("PROFILE vfs\nMOUNT /etc readonly\n"), names::Access::read_only);
    EXPECT_EQ(last_access("PROFILE vfs\nMOUNT / readonly\nMOUNT /proc inherit\n"),
              names::Access::kept);
    EXPECT_EQ(last_access("PROFILE vfs\nMOUNT / readonly\nMOUNT /proc none\n"),
              names::Access::none);
}

TEST(Plan, WhatMayBeStarted) {
    const Plan plan = plan_from("GRANT argv start\n");
    ImageBlock image = example();
    image.directory = "/home/ann";
    image.arguments = {"rm", "-x", "cat", "./tool", "bin//./run", "/opt/x", "", "../up"};
    const StartableNames names{plan, image};
    for (const char* path : {"/bin/cat", "/home/eve/cat", "/home/ann/tool", "/home/ann/./tool",
                             "/home/ann/bin/run", "/opt//x", "/home/ann/../up"})
        EXPECT_TRUE(names.contains(path)) << path;
    for (const char* path : {"/bin/rm", "/bin/-x", "cat", "tool", "/bin/tool", "/opt/y", "/x", "/",
                             "", "/home/up", "/bin/cat/.."})
        EXPECT_FALSE(names.contains(path)) << path;
    EXPECT_TRUE(names.contains("/bin/cat/")) << "which is then no directory";
    const Plan none = plan_from("PROFILE vfs\nGRANT argv read\n");
    EXPECT_FALSE((StartableNames{none, image}.contains("/bin/cat")));
    image.arguments = {"x", std::string(StartableNames::most_bytes, 'x'), "cat"};
    EXPECT_FALSE((StartableNames{plan, image}.contains("/bin/cat")));
}

TEST(Authority, WhatAProcessHolds) {
    const Plan plan = plan_from("PROFILE vfs\nGRANT argv read\nLIMIT memory 1M\n");
    ImageBlock image = example();
    image.arguments = {"cat", "a", std::string(CommandLineNote::most_bytes, 'x'), "b"};
    image.descriptors.resize(40);
    image.descriptors[0].state[2] = 1;
    image.descriptors[1].kind = 3;
    const CommandLineNote note = note_command_line(plan, image);
    EXPECT_EQ(note.arguments, (std::vector<std::string>{"cat", "a"}));
    EXPECT_EQ(note.descriptors.substr(0, 31), "0 terminal, 5 pipe or the like,");
    EXPECT_LT(note.descriptors.size(), 200u);

    Process process;
    process.pid = 7;
    process.name = "cat\x1b[2J";
    AuthorityFacts facts{.process = &process,
                         .plan = &plan,
                         .note = &note,
                         .container = "cat-3",
                         .memory_bytes = 4096,
                         .memory_limit = 1 << 20,
                         .processes = 1,
                         .process_limit = 256};
    facts.held[static_cast<std::size_t>(abi::ObjectType::endpoint)] = 2;
    const std::string text = authority_text(facts);
    for (const char* line : {"cat?[2J (7): container cat-3 of the image cat, for user 0\n",
                             "\n  read /home/a  ", "\n  and so with 2 more arguments\n",
                             "\n  memory: 4.0 KiB of 1.0 MiB, with its container\n",
                             "\n  no view of files\n", "\n  capabilities: 2 endpoint\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
}

TEST(Plan, IsOnlyMadeNarrower) {
    using Next = container::ConfigureNext;
    Plan plan = plan_from("PROFILE net ipc\nLIMIT memory 4M\n");
    narrow(plan, Next{.memory_limit = 8 << 20, .cpu_limit = 50});
    EXPECT_EQ(plan.memory_limit, 4u << 20);
    EXPECT_EQ(plan.cpu_limit, 50u);
    EXPECT_TRUE(plan.profiles.has(cluufile::Profile::net));
    narrow(plan, Next{.memory_limit = 1 << 20, .cpu_limit = 60, .flags = Next::without_network});
    EXPECT_EQ(plan.memory_limit, 1u << 20);
    EXPECT_EQ(plan.cpu_limit, 50u);
    EXPECT_EQ(plan.profiles, cluufile::Profile::ipc);
    narrow(plan, Next{});
    EXPECT_EQ(plan.memory_limit, 1u << 20);
    narrow(plan, Next{.log_limit = 8 << 10});
    EXPECT_EQ(plan.log_limit, 8u << 10);
    narrow(plan, Next{.log_limit = 16 << 10});
    EXPECT_EQ(plan.log_limit, 8u << 10);
}

TEST(Plan, VolumesTakeThePlaceOfMounts) {
    Plan plan = plan_from("PROFILE vfs\nMOUNT /a private\nMOUNT /a/b none\n");
    const auto volume = parse_volume(std::string_view{"/home/ann/./x\0/a", 16}, true);
    ASSERT_TRUE(volume);
    ASSERT_TRUE(add_volumes(plan, {*volume}));
    const auto rules = mount_rules(plan);
    ASSERT_TRUE(rules);
    names::MountRule rule;
    std::memcpy(&rule, rules->data(), sizeof rule);
    EXPECT_EQ(rule.access, names::Access::none);
    const std::byte* second = rules->data() + rule.record_length;
    std::memcpy(&rule, second, sizeof rule);
    EXPECT_EQ(rule.access, names::Access::read_only);
    const std::string path(reinterpret_cast<const char*>(second) + sizeof rule, rule.path_length);
    EXPECT_EQ(path, (std::string{"/a\0/home/ann/./x", 16}));
    EXPECT_NE(describe(plan).find("volume: /home/ann/./x:/a:ro\n"), std::string::npos);
    Plan blind = plan_from("ENTRYPOINT /bin/x\n");
    EXPECT_FALSE(add_volumes(blind, {*volume}));
    EXPECT_TRUE(add_volumes(blind, {}));
}

TEST(Plan, VolumesThatAreNone) {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {""sv, "/a"sv, "a\0/b"sv, "/a\0b"sv, "/a\0/b/"sv, "/a\0/proc"sv, "/a\0/proc/1"sv,
          "/a\0/b/../c"sv, "/a\0/b\0/c"sv}) {
        EXPECT_FALSE(parse_volume(text, false)) << text;
    }
    EXPECT_TRUE(parse_volume("/a\0/process"sv, false));
}

TEST(Plan, Description) {
    const std::string text = describe(
        plan_from("PROFILE vfs admin\nMOUNT /tmp inherit\nLIMIT memory 1M\nENTRYPOINT /x y\n"
                  "GRANT argv write read\nGRANT beside create\n"));
    EXPECT_NE(text.find("grant: argv read write\ngrant: beside create\n"), std::string::npos);
    EXPECT_NE(text.find("entrypoint: /x y\n"), std::string::npos);
    EXPECT_NE(text.find("profile: vfs admin\n"), std::string::npos);
    EXPECT_NE(text.find("mount: /tmp inherit\n"), std::string::npos);
    EXPECT_NE(text.find("memory limit: 1048576\n"), std::string::npos);
}

TEST(StartTable, EntriesAndComplaints) {
    const StartTable table = parse_start_table(
        "# first\nlogin /dev/tty1  # a person\n\n\texecd exec\r\nplain\nBad /x\nlogin a b\n"
        "login /dev/tty2 shown\nlogin /dev/ttyS0 seen\nlogin exec shown\n"
        "users service\nlogin /dev/ttyS1 shown unless exec\nlogin /dev/tty3 unless x\n"
        "login /dev/tty3 unless\nlogin /dev/tty3 unless x y\n");
    ASSERT_EQ(table.entries.size(), 7u);
    EXPECT_EQ(table.entries[0].terminal, "/dev/tty1");
    EXPECT_EQ(table.entries[1].condition, "exec");
    EXPECT_EQ(table.entries[2].image, "plain");
    EXPECT_FALSE(table.entries[0].when_shown);
    EXPECT_TRUE(table.entries[3].when_shown);
    EXPECT_FALSE(table.entries[3].is_service);
    EXPECT_TRUE(table.entries[4].is_service);
    EXPECT_EQ(table.entries[4].condition, "");
    EXPECT_EQ(table.entries[4].forbidden, "");
    EXPECT_TRUE(table.entries[5].when_shown);
    EXPECT_EQ(table.entries[5].terminal, "/dev/ttyS1");
    EXPECT_EQ(table.entries[5].forbidden, "exec");
    EXPECT_FALSE(table.entries[6].when_shown);
    EXPECT_EQ(table.entries[6].forbidden, "x");
    EXPECT_EQ(table.complaints.size(), 6u);
    EXPECT_EQ(table.complaints[0].substr(0, 7), "line 6:");
}

TEST(StartTable, TerminalsThatAreShown) {
    EXPECT_EQ(path_of_terminal(2), "/dev/tty2");
    EXPECT_EQ(path_of_terminal(65), "/dev/ttyS1");
}

TEST(StartTable, WordsOfTheCommandLine) {
    EXPECT_TRUE(has_word("quiet exec", "exec"));
    EXPECT_TRUE(has_word("exec=1", "exec"));
    EXPECT_FALSE(has_word("executor", "exec"));
    EXPECT_FALSE(has_word("", "exec"));
}

TEST(ProcText, StatHasAllFields) {
    Process process;
    process.pid = 12;
    process.parent = 7;
    process.name = "a (b) c";
    const std::string text = stat_text({.process = &process,
                                        .id = process.pid,
                                        .name = process.name,
                                        .threads = 3,
                                        .usage = {.cpu_ns = 25'000'000}});
    EXPECT_EQ(text.substr(0, 16), "12 (a (b) c) S 7");
    const std::string rest = text.substr(text.rfind(')') + 2);
    EXPECT_EQ(std::count(rest.begin(), rest.end(), ' ') + 1, 50) << rest;
    EXPECT_NE(rest.find(" 20 0 3 0 "), std::string::npos) << rest;
    EXPECT_EQ(rest.back(), '\n');
    // One of its threads.
    EXPECT_EQ(stat_text({.process = &process, .id = 99, .name = "helper"}).substr(0, 15),
              "99 (helper) S 7");
}

TEST(ProcText, StatusHasALineForEachFact) {
    Process process;
    process.pid = 12;
    process.become({.user = 1000, .group = 1000});
    const std::string text =
        status_text({.process = &process,
                     .id = 12,
                     .name = "a\nUid:\t0",
                     .container = {.name = "cat-6",
                                   .image = "cat",
                                   .memory_bytes = 409'600,
                                   .memory_limit = 1 << 24},
                     .usage = {.cpu_ns = 25'000'001, .peak_bytes = 8192, .messages = 77}});
    EXPECT_TRUE(text.starts_with("Name:\ta?Uid:?0\nState:\tS (sleeping)\n")) << text;
    for (const std::string_view line :
         {"\nUid:\t1000\t1000\t1000\t1000\n", "\nVmRSS:\t8 kB\n", "\nCpuTime:\t25000001 ns\n",
          "\nMessages:\t77\n", "\nContainer:\tcat-6\n", "\nImage:\tcat\n",
          "\nContainerMem:\t400 kB\n", "\nContainerMax:\t16384 kB\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
    EXPECT_EQ(status_text({.process = &process}).find("Container"), std::string::npos);
}

TEST(ProcText, MeminfoAndUptime) {
    const SystemFacts facts{.uptime_ns = 61'050'000'000,
                            .total_bytes = 64 << 20,
                            .free_bytes = 50 << 20,
                            .busy_ns = 1'000'000'000};
    EXPECT_EQ(meminfo_text(facts).substr(0, 28), "MemTotal:          65536 kB\n");
    EXPECT_EQ(uptime_text(facts), "61.05 60.05\n");
}

TEST(ProcText, LoadRisesAndFalls) {
    Load load;
    constexpr std::uint64_t second = 1'000'000'000;
    std::uint64_t busy = 0;
    std::uint64_t now = 0;
    for (int i = 0; i < 120; ++i) load.update(now += second, busy += second);
    EXPECT_GT(load.thousandths()[0], 800u);
    EXPECT_LT(load.thousandths()[2], load.thousandths()[0]);
    for (int i = 0; i < 600; ++i) load.update(now += second, busy);
    EXPECT_LT(load.thousandths()[0], 10u);
}

}  // namespace
}  // namespace procmgr
