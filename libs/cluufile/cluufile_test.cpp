// SPDX-License-Identifier: MIT
#include "libs/cluufile/cluufile.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "libs/cluufile/proposal.hpp"
#include "libs/cluufile/steps.hpp"

namespace cluufile {
namespace {

class Images final : public ImageSource {
public:
    std::map<std::string, std::string, std::less<>> texts;
    std::optional<std::string_view> find(std::string_view image) override {
        auto found = texts.find(image);
        if (found == texts.end()) return std::nullopt;
        return found->second;
    }
};

std::string error_of(std::string_view text, Images images = {}) {
    auto result = parse("cat", text, images);
    if (result) return "no error";
    char buffer[400];
    return std::string(format(result.error(), buffer));
}

Cluufile parsed(std::string_view text, Images& images) {
    auto result = parse("cat", text, images);
    EXPECT_TRUE(result);
    return result ? *result : Cluufile{};
}

TEST(Cluufile, WholeExample) {
    Images images;
    Cluufile file = parsed(
        "# shows files\n"
        "FROM minimal\r\n"
        "PROFILE ipc vfs registry\n"
        "\n"
        "MOUNT / readonly      # to look at\n"
        "MOUNT /tmp private\n"
        "LIMIT memory 8M\n"
        "LIMIT processes 20\n"
        "LIMIT cpu 20%\n"
        "ENV LANG=C 'GREETING=good morning'\n"
        "RESTART on-failure 3\n"
        "ENTRYPOINT /bin/busybox cat \"a b\" # end",
        images);
    EXPECT_TRUE(file.profiles.has(Profile::registry));
    EXPECT_FALSE(file.profiles.has(Profile::admin));
    ASSERT_EQ(file.mounts.size(), 2u);
    EXPECT_EQ(file.mounts[1].path, "/tmp");
    EXPECT_EQ(file.mounts[1].mode, MountMode::private_);
    EXPECT_EQ(file.memory_limit, 8u << 20);
    EXPECT_EQ(file.process_limit, 20u);
    EXPECT_EQ(file.cpu_limit, 20u);
    ASSERT_EQ(file.environment.size(), 2u);
    EXPECT_EQ(file.environment[1].name, "GREETING");
    EXPECT_EQ(file.environment[1].value, "good morning");
    EXPECT_EQ(file.restart.policy, RestartPolicy::on_failure);
    EXPECT_EQ(file.restart.attempts, 3u);
    ASSERT_EQ(file.entrypoint.size(), 3u);
    EXPECT_EQ(file.entrypoint[2], "a b");
}

TEST(Cluufile, EmptyFileIsMinimal) {
    Images images;
    Cluufile file = parsed("", images);
    EXPECT_TRUE(file.profiles.empty());
    EXPECT_TRUE(file.mounts.empty());
    EXPECT_TRUE(file.entrypoint.empty());
    EXPECT_EQ(file.memory_limit, 0u);
    EXPECT_EQ(file.process_limit, 0u);
    EXPECT_EQ(file.cpu_limit, 0u);
}

TEST(Cluufile, BaseIsOverridden) {
    Images images;
    images.texts["reader"] =
        "PROFILE vfs\nMOUNT / readonly\nMOUNT /tmp none\nENV A=1 B=2\nLIMIT memory 1M\nENTRYPOINT "
        "/bin/x\n";
    Cluufile file = parsed(
        "FROM reader\nPROFILE net\nMOUNT /tmp private\nENV B=3\nLIMIT memory 2M\nENTRYPOINT /bin/y "
        "z\n",
        images);
    EXPECT_TRUE(file.profiles.has(Profile::vfs));
    EXPECT_TRUE(file.profiles.has(Profile::net));
    ASSERT_EQ(file.mounts.size(), 2u);
    EXPECT_EQ(file.mounts[1].mode, MountMode::private_);
    EXPECT_EQ(file.environment[1].value, "3");
    EXPECT_EQ(file.memory_limit, 2u << 20);
    ASSERT_EQ(file.entrypoint.size(), 2u);
    EXPECT_EQ(file.entrypoint[0], "/bin/y");
}

TEST(Cluufile, ModeAt) {
    Images images;
    Cluufile file =
        parsed("PROFILE vfs\nMOUNT /a inherit\nMOUNT /a/b none\nMOUNT /a/b/c readonly\n", images);
    EXPECT_EQ(file.mode_at("/"), MountMode::none);
    EXPECT_EQ(file.mode_at("/a"), MountMode::inherit);
    EXPECT_EQ(file.mode_at("/ab"), MountMode::none);
    EXPECT_EQ(file.mode_at("/a/bc"), MountMode::inherit);
    EXPECT_EQ(file.mode_at("/a/b/x"), MountMode::none);
    EXPECT_EQ(file.mode_at("/a/b/c/d"), MountMode::readonly);
}

TEST(Cluufile, GrantsAddUpAndReplaceThoseOfTheBase) {
    Images images;
    images.texts["base"] = "PROFILE vfs\nGRANT argv read\nGRANT cwd read write\n";
    const Cluufile file = parsed("FROM base\nGRANT argv write create write\n", images);
    EXPECT_EQ(file.grants.argv, Right::write | Rights{Right::create});
    EXPECT_EQ(file.grants.cwd, Right::read | Rights{Right::write});
    EXPECT_TRUE(file.grants.beside.empty());
    EXPECT_TRUE(file.grants.any());
    EXPECT_EQ(name_of(file.grants.argv), "write create");
    EXPECT_EQ(name_of(file.grants.cwd), "read write");
    EXPECT_FALSE(parsed("PROFILE vfs\nMOUNT / readonly\n", images).grants.any());
}

TEST(Cluufile, WhoWhereAndWithWhat) {
    Images images;
    const Cluufile file = parsed(
        "PROFILE vfs\nMOUNT / readonly\nUSER daemon:1\nWORKDIR /srv/www\n"
        "ENTRYPOINT /bin/x -v\nCMD serve 'a b'\n"
        "LABEL org.example/version=1.2 'note=two words'\n",
        images);
    EXPECT_EQ(file.user.user, "daemon");
    EXPECT_EQ(file.user.group, "1");
    EXPECT_EQ(file.directory, "/srv/www");
    ASSERT_EQ(file.default_arguments.size(), 2u);
    EXPECT_EQ(file.default_arguments[1], "a b");
    ASSERT_EQ(file.labels.size(), 2u);
    EXPECT_EQ(file.labels[0].name, "org.example/version");
    EXPECT_EQ(file.labels[1].value, "two words");
}

TEST(Cluufile, ANewEntrypointForgetsTheArgumentsOfTheOldOne) {
    Images images;
    images.texts["base"] = "ENTRYPOINT /bin/x\nCMD old\nUSER daemon\n";
    EXPECT_EQ(parsed("FROM base\n", images).default_arguments.size(), 1u);
    EXPECT_TRUE(parsed("FROM base\nENTRYPOINT /bin/y\n", images).default_arguments.empty());
    const Cluufile both = parsed("FROM base\nCMD new\nENTRYPOINT /bin/y\nUSER 7\n", images);
    ASSERT_EQ(both.default_arguments.size(), 1u);
    EXPECT_EQ(both.default_arguments[0], "new");
    EXPECT_EQ(both.user.user, "7");
}

TEST(Cluufile, HealthAndNeeds) {
    Images images;
    images.texts["base"] = "HEALTHCHECK interval 2s retries 5 /bin/x 'a b'\nDEPENDS net disk\n";
    const Cluufile base = parsed("FROM base\nDEPENDS db\n", images);
    EXPECT_EQ(base.health_check.interval_ms, 2000u);
    EXPECT_EQ(base.health_check.retries, 5u);
    ASSERT_EQ(base.health_check.program.size(), 2u);
    EXPECT_EQ(base.health_check.program[1], "a b");
    ASSERT_EQ(base.depends.size(), 3u);
    EXPECT_EQ(base.depends[2], "db");
    const Cluufile own = parsed("FROM base\nHEALTHCHECK /bin/y\n", images);
    EXPECT_EQ(own.health_check.interval_ms, 30'000u);
    EXPECT_EQ(own.health_check.retries, 3u);
    EXPECT_EQ(own.health_check.program.size(), 1u);
    EXPECT_TRUE(parsed("", images).health_check.program.empty());
}

TEST(Cluufile, FilesOfAnImage) {
    Images images;
    images.texts["base"] = "PROFILE vfs\nMOUNT / image\n";
    const Cluufile file = parsed("FROM base\nMOUNT /opt image\n", images);
    EXPECT_EQ(file.mounts[0].mode, MountMode::image);
    EXPECT_EQ(file.mounts[0].image, "base");
    EXPECT_EQ(file.mounts[1].image, "");
}

TEST(Cluufile, LimitsOfARun) {
    Images images;
    const Cluufile file = parsed(
        "PROFILE vfs\nMOUNT /a private 2M\nMOUNT /b private\nLIMIT descriptors 3\n"
        "LIMIT time 90s\nLIMIT disk 64K\n",
        images);
    EXPECT_EQ(file.mounts[0].size, 2u << 20);
    EXPECT_EQ(file.mounts[1].size, 0u);
    EXPECT_EQ(file.descriptor_limit, 3u);
    EXPECT_EQ(file.time_limit_ms, 90'000u);
    EXPECT_EQ(file.disk_limit, 65536u);
    EXPECT_EQ(parsed("LIMIT log 4K", images).log_limit, min_log_limit);
    EXPECT_EQ(parsed("LIMIT log 16M", images).log_limit, max_log_limit);
    EXPECT_EQ(parsed("LIMIT time 10ms", images).time_limit_ms, 10u);
    EXPECT_EQ(parsed("LIMIT time 5m", images).time_limit_ms, 300'000u);
    EXPECT_EQ(parsed("LIMIT time 1000h", images).time_limit_ms, max_time_ms);
}

TEST(Cluufile, Sizes) {
    Images images;
    EXPECT_EQ(parsed("LIMIT memory 65536", images).memory_limit, 65536u);
    EXPECT_EQ(parsed("LIMIT memory 64K", images).memory_limit, 65536u);
    EXPECT_EQ(parsed("LIMIT memory 3G", images).memory_limit, std::uint64_t{3} << 30);
    EXPECT_EQ(parsed("LIMIT memory 65536G", images).memory_limit, max_memory_limit);
    for (const char* bad :
         {"63K", "0", "-1M", "1T", "M", "8MB", "65537G", "99999999999999999999G", "0x10M", "1 M"}) {
        EXPECT_NE(error_of(std::string("LIMIT memory ") + bad), "no error") << bad;
    }
}

struct Mistake {
    const char* text;
    const char* error;
};

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreExplained) { EXPECT_EQ(error_of(GetParam().text), GetParam().error); }

INSTANTIATE_TEST_SUITE_P(
    Cluufile, Mistakes,
    testing::Values(
        Mistake{"\n  VOLUME /data\n",
                "cat:2:3: found 'VOLUME', expected a directive: FROM, PROFILE, MOUNT, GRANT, "
                "ENTRYPOINT, "
                "CMD, ENV, USER, WORKDIR, LIMIT, RESTART, HEALTHCHECK, DEPENDS, "
                "LABEL, COPY or BUILD"},
        Mistake{"mount / inherit",
                "cat:1:1: found 'mount', expected a directive: FROM, PROFILE, MOUNT, GRANT, "
                "ENTRYPOINT, CMD, ENV, USER, WORKDIR, LIMIT, RESTART, HEALTHCHECK, DEPENDS, "
                "LABEL, COPY or BUILD"},
        Mistake{
            "PROFILE vfs\nFROM minimal",
            "cat:2:1: found 'FROM', expected FROM only before all other directives, the first of "
            "which is in line 1"},
        Mistake{"FROM ../x",
                "cat:1:6: found '../x', expected the name of an image (a-z 0-9 . _ -)"},
        Mistake{"FROM nowhere",
                "cat:1:6: found 'nowhere', expected the name of an image that exists"},
        Mistake{"FROM minimal x", "cat:1:14: found 'x', expected the end of the line"},
        Mistake{"PROFILE",
                "cat:1:8: found the end of the line, expected a profile: ipc, vfs, registry, net, "
                "admin, device, supervisor, accounts or framebuffer"},
        Mistake{"PROFILE vfs root",
                "cat:1:13: found 'root', expected a profile: ipc, vfs, registry, net, "
                "admin, device, supervisor, accounts or framebuffer"},
        Mistake{"MOUNT tmp inherit",
                "cat:1:7: found 'tmp', expected an absolute path without `.`, `..`, "
                "`//` or a `/` at its end"},
        Mistake{"MOUNT /a/../b inherit",
                "cat:1:7: found '/a/../b', expected an absolute path without `.`, "
                "`..`, `//` or a `/` at its end"},
        Mistake{"MOUNT /tmp",
                "cat:1:11: found the end of the line, expected a mode: private, inherit, "
                "readonly, image or none"},
        Mistake{"MOUNT /tmp rw",
                "cat:1:12: found 'rw', expected a mode: private, inherit, readonly, image or none"},
        Mistake{"PROFILE vfs\nMOUNT /t none\nMOUNT /t inherit",
                "cat:3:7: found '/t', expected another path: this one is mounted in line 2"},
        Mistake{"MOUNT / readonly",
                "cat:1:1: found 'MOUNT', expected PROFILE vfs as well, or no mounts"},
        Mistake{"GRANT",
                "cat:1:6: found the end of the line, expected whose names: argv, beside or cwd"},
        Mistake{"GRANT args read",
                "cat:1:7: found 'args', expected whose names: argv, beside or cwd"},
        Mistake{
            "GRANT argv",
            "cat:1:11: found the end of the line, expected a right: read, write, create or start"},
        Mistake{"GRANT argv read rm",
                "cat:1:17: found 'rm', expected a right: read, write, create or start"},
        Mistake{"GRANT cwd start",
                "cat:1:11: found 'start', expected a right: read, write or create"},
        Mistake{"GRANT argv start\nWORKDIR /",
                "cat:2:1: found 'WORKDIR', expected no WORKDIR together with GRANT: names are "
                "meant from the starter's directory"},
        Mistake{"PROFILE vfs\nGRANT cwd read\nGRANT cwd write",
                "cat:3:7: found 'cwd', expected other names: these are granted in line 2"},
        Mistake{"GRANT argv read",
                "cat:1:1: found 'GRANT', expected PROFILE vfs as well, or no grants"},
        Mistake{"ENTRYPOINT cat", "cat:1:12: found 'cat', expected the absolute path of a program"},
        Mistake{"ENTRYPOINT",
                "cat:1:11: found the end of the line, expected the absolute path of a program"},
        Mistake{
            "ENTRYPOINT /a\nENTRYPOINT /b",
            "cat:2:1: found 'ENTRYPOINT', expected only one ENTRYPOINT; the first is in line 1"},
        Mistake{"ENV A", "cat:1:5: found 'A', expected NAME=VALUE, in quotes if it has blanks"},
        Mistake{"ENV 1A=b",
                "cat:1:5: found '1A=b', expected NAME=VALUE, in quotes if it has blanks"},
        Mistake{"ENV A=1 A=2",
                "cat:1:9: found 'A=2', expected another name: this one is set in line 1"},
        Mistake{"RESTART sometimes",
                "cat:1:9: found 'sometimes', expected a policy: no, always or on-failure N"},
        Mistake{"RESTART on-failure",
                "cat:1:19: found the end of the line, expected how often, a number from 1 "
                "to 1000"},
        Mistake{"RESTART on-failure 0",
                "cat:1:20: found '0', expected how often, a number from 1 to 1000"},
        Mistake{"LIMIT space 3",
                "cat:1:7: found 'space', expected what to limit: memory, cpu, processes, "
                "descriptors, time, disk or log"},
        Mistake{"LIMIT",
                "cat:1:6: found the end of the line, expected what to limit: memory, cpu, "
                "processes, descriptors, time, disk or log"},
        Mistake{"LIMIT disk 3",
                "cat:1:12: found '3', expected a size from 64K to 65536G, such as 512K, 8M or 1G"},
        Mistake{"LIMIT descriptors 2",
                "cat:1:19: found '2', expected how many in each process, a number from 3 to 1024"},
        Mistake{"LIMIT descriptors 1025",
                "cat:1:19: found '1025', expected how many in each process, a number from 3 to "
                "1024"},
        Mistake{"LIMIT time 30",
                "cat:1:12: found '30', expected a time from 10ms to 1000h, such as 500ms, 30s or "
                "5m"},
        Mistake{"LIMIT log 4095",
                "cat:1:11: found '4095', expected a size from 4K to 16M, such as 256K"},
        Mistake{"LIMIT log 17M",
                "cat:1:11: found '17M', expected a size from 4K to 16M, such as 256K"},
        Mistake{"LIMIT time 9ms",
                "cat:1:12: found '9ms', expected a time from 10ms to 1000h, such as 500ms, 30s or "
                "5m"},
        Mistake{"LIMIT time 1001h",
                "cat:1:12: found '1001h', expected a time from 10ms to 1000h, such as 500ms, 30s "
                "or 5m"},
        Mistake{"LIMIT time 1s\nLIMIT time 2s",
                "cat:2:7: found 'time', expected only one limit of time; the first is in line 1"},
        Mistake{"LIMIT disk 1M 2M", "cat:1:15: found '2M', expected the end of the line"},
        Mistake{"PROFILE vfs\nMOUNT /t inherit 1M",
                "cat:2:18: found '1M', expected the end of the line: only a private mount has a "
                "size"},
        Mistake{"PROFILE vfs\nMOUNT /t private 1K",
                "cat:2:18: found '1K', expected a size from 64K to 65536G, such as 512K, 8M or 1G"},
        Mistake{"CMD", "cat:1:4: found the end of the line, expected an argument"},
        Mistake{"CMD a\nCMD b",
                "cat:2:1: found 'CMD', expected only one CMD; the first is in line 1"},
        Mistake{"USER a:b:c",
                "cat:1:6: found 'a:b:c', expected a user, or USER:GROUP, each a name or a number"},
        Mistake{"USER 4294967295",
                "cat:1:6: found '4294967295', expected a user, or USER:GROUP, each a name or a "
                "number"},
        Mistake{"USER root:",
                "cat:1:6: found 'root:', expected a user, or USER:GROUP, each a name or a number"},
        Mistake{"USER a b", "cat:1:8: found 'b', expected the end of the line"},
        Mistake{"USER a\nUSER b",
                "cat:2:1: found 'USER', expected only one USER; the first is in line 1"},
        Mistake{"WORKDIR srv",
                "cat:1:9: found 'srv', expected an absolute path without `.`, `..`, `//` or a `/` "
                "at its end"},
        Mistake{"WORKDIR /srv",
                "cat:1:1: found 'WORKDIR', expected PROFILE vfs as well, or no WORKDIR"},
        Mistake{"PROFILE vfs\nWORKDIR /srv\nGRANT argv read",
                "cat:3:1: found 'GRANT', expected no WORKDIR together with GRANT: names are meant "
                "from the starter's directory"},
        Mistake{"PROFILE vfs\nGRANT argv read\nWORKDIR /srv",
                "cat:3:1: found 'WORKDIR', expected no WORKDIR together with GRANT: names are "
                "meant from the starter's directory"},
        Mistake{"HEALTHCHECK",
                "cat:1:12: found the end of the line, expected interval TIME, retries N (in this "
                "order), or the absolute path of a program"},
        Mistake{"HEALTHCHECK retries 2 interval 1s /x",
                "cat:1:23: found 'interval', expected interval TIME, retries N (in this order), or "
                "the absolute path of a program"},
        Mistake{"HEALTHCHECK interval 1 /x",
                "cat:1:22: found '1', expected a time from 10ms to 1000h, such as 500ms, 30s or "
                "5m"},
        Mistake{"HEALTHCHECK retries 0 /x",
                "cat:1:21: found '0', expected how often, a number from 1 to 1000"},
        Mistake{"HEALTHCHECK /a\nHEALTHCHECK /b",
                "cat:2:1: found 'HEALTHCHECK', expected only one HEALTHCHECK; the first is in line "
                "1"},
        Mistake{"DEPENDS",
                "cat:1:8: found the end of the line, expected the name of an image that runs (a-z "
                "0-9 . _ -)"},
        Mistake{"DEPENDS db minimal",
                "cat:1:12: found 'minimal', expected the name of an image that runs (a-z 0-9 . _ "
                "-)"},
        Mistake{"DEPENDS a b c d\nDEPENDS a e f g h i",
                "cat:2:19: found 'i', expected at most 8 images"},
        Mistake{"LABEL -a=b",
                "cat:1:7: found '-a=b', expected NAME=VALUE, in quotes if it has blanks"},
        Mistake{"LABEL a=1\nLABEL a=2",
                "cat:2:7: found 'a=2', expected another name: this one is set in line 1"},
        Mistake{"LIMIT cpu 20",
                "cat:1:11: found '20', expected a share of one CPU from 1% to 100%, such as 20%"},
        Mistake{"LIMIT cpu 0%",
                "cat:1:11: found '0%', expected a share of one CPU from 1% to 100%, such as 20%"},
        Mistake{"LIMIT cpu 101%",
                "cat:1:11: found '101%', expected a share of one CPU from 1% to 100%, such as 20%"},
        Mistake{"LIMIT processes 0",
                "cat:1:17: found '0', expected how many at a time, a number from 1 to 1000"},
        Mistake{"LIMIT processes 1001",
                "cat:1:17: found '1001', expected how many at a time, a number from 1 to 1000"},
        Mistake{"LIMIT processes",
                "cat:1:16: found the end of the line, expected how many at a time, a number from "
                "1 to 1000"},
        Mistake{"LIMIT processes 1\nLIMIT processes 2",
                "cat:2:7: found 'processes', expected only one limit of processes; the first is in "
                "line 1"},
        Mistake{
            "LIMIT memory lots",
            "cat:1:14: found 'lots', expected a size from 64K to 65536G, such as 512K, 8M or 1G"},
        Mistake{"ENTRYPOINT /bin/x 'a",
                "cat:1:19: found ''a', expected a closing quote on the same line"},
        Mistake{"ENTRYPOINT /bin/x a'b'",
                "cat:1:20: found ''', expected quotes around the whole word, or none"},
        Mistake{"ENTRYPOINT ''", "cat:1:12: found '\"\"', expected the absolute path of a program"},
        Mistake{"COPY a",
                "cat:1:7: found the end of the line, expected what to copy, and where to: "
                "SOURCE... DESTINATION"},
        Mistake{"COPY ../a /b",
                "cat:1:6: found '../a', expected a path in the folder to copy "
                "from, without `..`"},
        Mistake{"COPY a b/../../c /d/",
                "cat:1:8: found 'b/../../c', expected a path in the folder "
                "to copy from, without `..`"},
        Mistake{"COPY '' /b",
                "cat:1:6: found '\"\"', expected a path in the folder to copy from, "
                "without `..`"},
        Mistake{"COPY a /b/../c",
                "cat:1:8: found '/b/../c', expected an absolute path without `.`, `..` or `//`"},
        Mistake{"COPY a b /c",
                "cat:1:10: found '/c', expected a directory, with a `/` at its end: "
                "there are several sources"},
        Mistake{"COPY --from=minimal a /c",
                "cat:1:6: found '--from=minimal', expected "
                "--from=IMAGE, the name of an image with files of its "
                "own"},
        Mistake{"COPY --chown=1 a /c",
                "cat:1:6: found '--chown=1', expected --from=IMAGE, the name "
                "of an image with files of its own"},
        Mistake{"COPY 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 /c/",
                "cat:1:45: found '/c/', expected at most 15 sources and a destination"},
        Mistake{"COPY a /b",
                "cat:1:1: found 'COPY', expected MOUNT / image as well: without it "
                "nothing shows what this makes"},
        Mistake{"BUILD sh", "cat:1:7: found 'sh', expected the absolute path of a program"},
        Mistake{"# \x1b[2J", "cat:1:3: found '\\x1b', expected text without control bytes"},
        Mistake{"ENV A=\x1b[2J", "cat:1:7: found '\\x1b', expected text without control bytes"}));

TEST(Cluufile, MistakeInABaseNamesTheBase) {
    Images images;
    images.texts["reader"] = "PROFILE vfs\nMOUNT / write\n";
    EXPECT_EQ(
        error_of("FROM reader", images),
        "reader:2:9: found 'write', expected a mode: private, inherit, readonly, image or none");
}

TEST(Cluufile, CircleOfBases) {
    Images images;
    images.texts["a"] = "FROM b";
    images.texts["b"] = "FROM a";
    EXPECT_NE(error_of("FROM a", images).find("a chain of at most 8 images"), std::string::npos);
}

TEST(Cluufile, ListsAreBounded) {
    std::string mounts = "PROFILE vfs\n";
    for (int i = 0; i < 33; ++i) mounts += "MOUNT /m" + std::to_string(i) + " none\n";
    EXPECT_EQ(error_of(mounts), "cat:34:7: found '/m32', expected at most 32 mounts");
    std::string labels = "LABEL";
    for (int i = 0; i < 33; ++i) labels += " l" + std::to_string(i) + "=";
    EXPECT_EQ(error_of(labels), "cat:1:157: found 'l32=', expected at most 32 labels");
    std::string defaults = "CMD";
    for (int i = 0; i < 17; ++i) defaults += " a";
    EXPECT_EQ(error_of(defaults), "cat:1:37: found 'a', expected at most 16 arguments");
    std::string entrypoint = "ENTRYPOINT /x";
    for (int i = 0; i < 16; ++i) entrypoint += " a";
    EXPECT_EQ(error_of(entrypoint),
              "cat:1:45: found 'a', expected a program and at most 15 arguments");
}

TEST(Cluufile, Steps) {
    Images images;
    images.texts["low"] = "PROFILE vfs\nMOUNT /usr image\nCOPY a /usr/a\n";
    const std::string_view text =
        "FROM low\nCOPY --from=low usr/a ./b /usr/share/ # two\nBUILD /usr/a 'b c'\n";
    const Cluufile file = parsed(text, images);
    EXPECT_EQ(file.base, "low");
    ASSERT_EQ(file.steps.size(), 2u);
    EXPECT_EQ(file.steps[1].line, 3u);
    EXPECT_EQ(text_of(file.steps[0]), "COPY --from=low usr/a ./b /usr/share/");
    EXPECT_EQ(text_of(file.steps[1]), "BUILD /usr/a 'b c'");
    EXPECT_EQ(words_of(file.steps[1]), (std::vector<std::string>{"/usr/a", "b c"}));
    // What it makes it shows itself; what only builds on it shows the base's.
    EXPECT_EQ(file.mounts[0].image, "");
    EXPECT_EQ(parsed("FROM low\nENTRYPOINT /usr/a\n", images).mounts[0].image, "low");
    EXPECT_TRUE(parsed("FROM low\nENTRYPOINT /usr/a\n", images).steps.empty());
    std::string many = "PROFILE vfs\nMOUNT / image\n";
    for (int i = 0; i < 33; ++i) many += "COPY a /a\n";
    EXPECT_EQ(error_of(many), "cat:35:1: found 'COPY', expected at most 32 of COPY and BUILD");
}

TEST(Cluufile, ABuildHasTheImagesFilesAndNothingElse) {
    Images images;
    const Cluufile file = parsed(
        "PROFILE ipc vfs supervisor admin\nMOUNT / image\nMOUNT /tmp private 1M\nMOUNT /home "
        "inherit\n"
        "MOUNT /etc readonly\nMOUNT /dev inherit\nMOUNT /dev/null inherit\nMOUNT /x none\n"
        "LIMIT memory 8M\nLIMIT time 5s\nLIMIT log 8K\nRESTART always\nENV 'A=b c'\nUSER "
        "7\nDEPENDS db\n"
        "HEALTHCHECK /x\nBUILD /bin/sh -c 'it is \"so\"'\nENTRYPOINT /bin/x\n",
        images);
    const Plan plan = plan_of_build(plan_of("cat", file), words_of(file.steps[0]));
    const std::string text = text_of(plan);
    EXPECT_EQ(text,
              "FROM minimal\nPROFILE ipc vfs\nMOUNT / image\nMOUNT /tmp private 1024K\n"
              "MOUNT /dev/null inherit\nENV 'A=b c'\nLIMIT memory 8192K\nLIMIT time 5s\nLIMIT log "
              "8K\nUSER 7\n"
              "WORKDIR /\nENTRYPOINT /bin/sh /bin/sh -c 'it is \"so\"'\n");
    EXPECT_EQ(error_of(text), "no error");
}

TEST(Cluufile, WhatStartsNeedSeeNothing) {
    Images images;
    const Cluufile file = parsed("PROFILE ipc\nGRANT argv start\nENTRYPOINT /bin/x\n", images);
    EXPECT_TRUE(file.grants.starts());
    EXPECT_FALSE(file.grants.any());
    const Plan plan = plan_of("x", file);
    EXPECT_FALSE(plan.shows_files());
    const std::vector<std::string> arguments{"x", "/bin/cat"};
    EXPECT_EQ(Names(plan, {.arguments = arguments, .directory = "/"}).next(), nullptr);
    EXPECT_EQ(name_of(file.grants.argv), "start");
    EXPECT_EQ(name_of(parsed("PROFILE vfs\nGRANT argv start read\n", images).grants.argv),
              "read start");
    EXPECT_TRUE(text_of(plan).contains("GRANT argv start\n")) << text_of(plan);
}

TEST(Cluufile, WorkshopsAreNoImages) {
    EXPECT_TRUE(is_workshop_name(".build-aZ09xy"));
    for (const char* bad :
         {"", ".build-", ".build-12345", ".build-1234567", ".build-../../", "build-123456"})
        EXPECT_FALSE(is_workshop_name(bad)) << bad;
    EXPECT_FALSE(is_image_name(".build-aZ09xy"));
}

TEST(Cluufile, ImageNames) {
    EXPECT_TRUE(is_image_name("busybox-1.35_x"));
    for (const char* bad : {"", ".", "..", "a/b", "Cat", "-x", "a b"})
        EXPECT_FALSE(is_image_name(bad)) << bad;
    EXPECT_FALSE(is_image_name(std::string(64, 'a')));
}

TEST(Cluufile, ShortBufferCutsTheMessage) {
    Images images;
    auto result = parse("cat", "X", images);
    ASSERT_FALSE(result);
    char buffer[8];
    EXPECT_EQ(format(result.error(), buffer), "cat:1:1:");
}

}  // namespace
}  // namespace cluufile
