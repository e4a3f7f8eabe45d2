// SPDX-License-Identifier: MIT
#include "libs/cluufile/cluufile.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

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
        Mistake{
            "\n  USER admin\n",
            "cat:2:3: found 'USER', expected a directive: FROM, PROFILE, MOUNT, GRANT, ENTRYPOINT, "
            "ENV, RESTART or LIMIT"},
        Mistake{"mount / inherit",
                "cat:1:1: found 'mount', expected a directive: FROM, PROFILE, MOUNT, GRANT, "
                "ENTRYPOINT, "
                "ENV, RESTART or LIMIT"},
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
                "admin, device, supervisor or accounts"},
        Mistake{"PROFILE vfs root",
                "cat:1:13: found 'root', expected a profile: ipc, vfs, registry, net, "
                "admin, device, supervisor or accounts"},
        Mistake{"MOUNT tmp inherit",
                "cat:1:7: found 'tmp', expected an absolute path without `.`, `..`, "
                "`//` or a `/` at its end"},
        Mistake{"MOUNT /a/../b inherit",
                "cat:1:7: found '/a/../b', expected an absolute path without `.`, "
                "`..`, `//` or a `/` at its end"},
        Mistake{"MOUNT /tmp",
                "cat:1:11: found the end of the line, expected a mode: private, inherit, "
                "readonly or none"},
        Mistake{"MOUNT /tmp rw",
                "cat:1:12: found 'rw', expected a mode: private, inherit, readonly or none"},
        Mistake{"PROFILE vfs\nMOUNT /t none\nMOUNT /t inherit",
                "cat:3:7: found '/t', expected another path: this one is mounted in line 2"},
        Mistake{"MOUNT / readonly",
                "cat:1:1: found 'MOUNT', expected PROFILE vfs as well, or no mounts"},
        Mistake{"GRANT",
                "cat:1:6: found the end of the line, expected whose names: argv, beside or cwd"},
        Mistake{"GRANT args read",
                "cat:1:7: found 'args', expected whose names: argv, beside or cwd"},
        Mistake{"GRANT argv",
                "cat:1:11: found the end of the line, expected a right: read, write or create"},
        Mistake{"GRANT argv read rm",
                "cat:1:17: found 'rm', expected a right: read, write or create"},
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
        Mistake{"LIMIT disk 3",
                "cat:1:7: found 'disk', expected what to limit: memory, cpu or processes"},
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
        Mistake{"# \x1b[2J", "cat:1:3: found '\\x1b', expected text without control bytes"},
        Mistake{"ENV A=\x1b[2J", "cat:1:7: found '\\x1b', expected text without control bytes"}));

TEST(Cluufile, MistakeInABaseNamesTheBase) {
    Images images;
    images.texts["reader"] = "PROFILE vfs\nMOUNT / write\n";
    EXPECT_EQ(error_of("FROM reader", images),
              "reader:2:9: found 'write', expected a mode: private, inherit, readonly or none");
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
    std::string entrypoint = "ENTRYPOINT /x";
    for (int i = 0; i < 16; ++i) entrypoint += " a";
    EXPECT_EQ(error_of(entrypoint),
              "cat:1:45: found 'a', expected a program and at most 15 arguments");
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
