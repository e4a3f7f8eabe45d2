// SPDX-License-Identifier: MIT
// Plans in words, the lines they stand on, and what changes from one to another.
#include "libs/cluufile/explain.hpp"

#include <gtest/gtest.h>

#include <map>

#include "libs/cluufile/difference.hpp"
#include "libs/cluufile/origin.hpp"

namespace cluufile {
namespace {

class Texts final : public ImageSource {
public:
    std::optional<std::string_view> find(std::string_view image) override {
        const auto found = texts.find(image);
        return found == texts.end() ? std::nullopt : std::optional{found->second};
    }
    std::map<std::string_view, std::string_view> texts;
};

Plan plan_from(std::string_view text) {
    static Texts none;
    const auto file = parse("Cluufile", text, none);
    EXPECT_TRUE(file);
    return plan_of("image", *file);
}

constexpr std::string_view cat =
    "# SPDX-License-Identifier: MIT\n# Shows files.\nFROM minimal\nPROFILE vfs\nGRANT argv read\n"
    "LIMIT memory 16M\nENTRYPOINT /bin/busybox cat\n";

std::vector<std::string> said(const Plan& plan, Statement::Kind kind,
                              std::vector<std::string> arguments = {}) {
    std::vector<std::string> texts;
    for (const Statement& one : explain(plan, {.arguments = arguments, .directory = "/home/ann"})) {
        if (one.kind == kind) texts.push_back(one.text);
    }
    return texts;
}

using Kind = Statement::Kind;
using List = std::vector<std::string>;

TEST(Explain, AToolThatIsToldWhatToRead) {
    const Plan plan = plan_from(cat);
    EXPECT_EQ(said(plan, Kind::runs), List{"/bin/busybox cat"});
    EXPECT_EQ(
        said(plan, Kind::may),
        (List{"read what its arguments name, and below", "take 16.0 MiB of memory",
              "take as much CPU time as its starter", "have 256 processes, if its starter may"}));
    EXPECT_EQ(said(plan, Kind::may_not),
              (List{"see any other file", "change, create or remove any file",
                    "reach processes that it did not start", "use the network",
                    "draw on the screen", "drive a device"}));
}

TEST(Explain, NamesAreThoseOfTheCommandLine) {
    const Plan plan =
        plan_from("PROFILE vfs\nGRANT argv read create\nGRANT beside write\nGRANT cwd read\n");
    const List shown = said(plan, Kind::may, {"x", "-v", "a", "--to=/b"});
    EXPECT_EQ(List(shown.begin(), shown.begin() + 5),
              (List{"read /home/ann", "read and create /home/ann/a",
                    "change and remove files beside /home/ann/a", "read and create /b",
                    "change and remove files beside /b"}));
}

TEST(Explain, MountsSayWhoseFilesTheyShow) {
    const Plan plan = plan_from(
        "PROFILE vfs admin\nMOUNT / readonly\nMOUNT /tmp private\nMOUNT /home/ann/.ssh none\n"
        "MOUNT /home inherit\nLIMIT cpu 20%\nLIMIT processes 1\nRESTART on-failure 3\nENV A=1\n");
    const List may = said(plan, Kind::may);
    EXPECT_EQ(may[0], "read all files that its starter may");
    EXPECT_EQ(may[1], "use /home and below as its starter may");
    EXPECT_EQ(may[2], "have /tmp to itself until it ends");
    EXPECT_EQ(may[3], "see its own processes, and no others");
    EXPECT_EQ(may[6], "take 20% of a CPU");
    EXPECT_EQ(may[7], "have 1 process");
    EXPECT_EQ(said(plan, Kind::may_not).front(), "see what is in /home/ann/.ssh");
    EXPECT_EQ(said(plan, Kind::runs), (List{"nothing: it is a base for others", "with A=1",
                                            "again, if it fails, 3 times in a row at most"}));
}

TEST(Explain, AnImagesOwnFiles) {
    const Plan plan = plan_from("PROFILE vfs\nMOUNT / image\nMOUNT /tmp private\n");
    EXPECT_EQ(said(plan, Kind::may)[0], "read its image's own files");
    EXPECT_EQ(said(plan, Kind::may_not)[0], "see any other file");
    static Texts images;
    images.texts["base"] = "PROFILE vfs\nMOUNT /opt image\n";
    const auto file = parse("Cluufile", "FROM base\n", images);
    ASSERT_TRUE(file);
    EXPECT_EQ(said(plan_of("image", *file), Kind::may)[0],
              "read the files of the image base, from /opt and below");
}

TEST(Explain, WhoWhereAndUntilWhen) {
    const Plan plan = plan_from(
        "PROFILE vfs\nMOUNT /tmp private 256K\nMOUNT / readonly\nUSER daemon:7\nWORKDIR /srv\n"
        "ENTRYPOINT /bin/x -v\nCMD serve all\nDEPENDS db\nLIMIT descriptors 12\nLIMIT time 90s\n"
        "LIMIT disk 1M\nLIMIT log 8K\nHEALTHCHECK interval 500ms retries 2 /bin/y here\n");
    EXPECT_EQ(
        said(plan, Kind::runs),
        (List{"/bin/x -v", "with serve all, if it is given no arguments", "as user daemon:7",
              "in /srv", "only while db runs",
              "and is healthy, if /bin/y here says so every 500ms; not, after 2 failures in a "
              "row"}));
    const List may = said(plan, Kind::may);
    EXPECT_EQ(may[1], "have /tmp to itself until it ends, 256.0 KiB at most");
    EXPECT_EQ(List(may.end() - 4, may.end()),
              (List{"have 12 descriptors in each process", "fill its private mounts with 1.0 MiB",
                    "keep 8.0 KiB of what it writes, in the background", "run for 90s"}));
}

TEST(Explain, WhatSeesNothing) {
    EXPECT_EQ(said(plan_from("ENTRYPOINT /bin/true\n"), Kind::may_not).front(), "see any file");
}

TEST(Explain, ReasonsStandBesideTheStatements) {
    const std::vector<Statement> two{
        {.kind = Kind::may, .text = "read a", .directive = "GRANT", .word = "argv"},
        {.kind = Kind::may_not, .text = std::string(60, 'x'), .because = "so it is"}};
    EXPECT_EQ(text_of(two), "It may\n  read a" + std::string(36, ' ') +
                                "GRANT argv\nIt may not\n  " + std::string(60, 'x') + "\n" +
                                std::string(44, ' ') + "so it is\n");
    const List reasons{"line 1", "line 2"};
    EXPECT_NE(text_of(two, reasons).find("line 1\nIt may not\n"), std::string::npos);
}

// Whatever is said to stand on a line does.
TEST(Explain, EveryReasonIsFound) {
    constexpr std::string_view text =
        "PROFILE vfs admin net\nPROFILE device registry\nMOUNT / readonly\nMOUNT /x none\nGRANT "
        "argv read start\nMOUNT /o image\nCOPY a /o/\n"
        "GRANT beside create\nGRANT cwd write\nLIMIT memory 1M\nLIMIT cpu 5%\nLIMIT processes 9\n"
        "RESTART always\nENV 'A=b c' D=e\nENTRYPOINT /bin/x\nCMD y\nUSER daemon\n"
        "DEPENDS db\nDEPENDS net\nHEALTHCHECK /bin/y\nMOUNT /p private 1M\n"
        "LIMIT descriptors 9\nLIMIT time 1s\nLIMIT disk 1M\nLIMIT log 8K\n";
    Texts none;
    std::size_t with_line = 0;
    for (const Statement& one : explain(plan_from(text), {})) {
        if (one.directive.empty()) {
            EXPECT_FALSE(one.because.empty()) << one.text;
            continue;
        }
        ++with_line;
        EXPECT_TRUE(find_origin(text, one.directive, one.word, none)) << one.text;
    }
    EXPECT_EQ(with_line, 30u);
}

TEST(Origin, OfTheLastFileThatSaysIt) {
    Texts images;
    images.texts["base"] =
        "# Base.\nFROM minimal\nPROFILE vfs\nMOUNT /a inherit\nLIMIT memory 1M\n";
    constexpr std::string_view text =
        "FROM base\n\tPROFILE ipc # and no more\nLIMIT memory 2M\nMOUNT '/a b' none\n";
    const auto memory = find_origin(text, "LIMIT", "memory", images);
    EXPECT_TRUE(memory && memory->image.empty() && memory->line == 3);
    EXPECT_EQ(find_origin(text, "PROFILE", "ipc", images)->text, "PROFILE ipc # and no more");
    const auto inherited = find_origin(text, "MOUNT", "/a", images);
    EXPECT_TRUE(inherited && inherited->image == "base" && inherited->line == 4);
    EXPECT_EQ(find_origin(text, "MOUNT", "/a b", images)->line, 4u);
    EXPECT_FALSE(find_origin(text, "LIMIT", "cpu", images));
    images.texts["loop"] = "FROM loop\n";
    EXPECT_FALSE(find_origin("FROM loop\n", "LIMIT", "cpu", images));
}

TEST(Origin, Description) {
    EXPECT_EQ(description(cat), "Shows files.");
    EXPECT_EQ(description("FROM minimal\n# late\n"), "");
    EXPECT_EQ(description("#\n\n##  Two.  \r\n"), "Two.");
}

List changes(std::string_view before, std::string_view after) {
    constexpr const char* kinds[] = {"gains ", "loses ", "runs "};
    List texts;
    for (const Change& one : difference(plan_from(before), plan_from(after)))
        texts.push_back(kinds[static_cast<std::size_t>(one.kind)] + one.text);
    return texts;
}

TEST(Difference, NothingChanges) {
    EXPECT_EQ(changes(cat, cat), List{});
    // Another order, and mounts that change nothing.
    EXPECT_EQ(changes("PROFILE vfs\nMOUNT / readonly\nMOUNT /a inherit\n",
                      "MOUNT /a inherit\nMOUNT /b readonly\nMOUNT / readonly\nPROFILE vfs\n"),
              List{});
}

TEST(Difference, Files) {
    EXPECT_EQ(changes("PROFILE vfs\nMOUNT / readonly\n",
                      "PROFILE vfs\nMOUNT / readonly\nMOUNT /tmp inherit\n"),
              List{"gains change, remove and create /tmp and below"});
    EXPECT_EQ(
        changes("PROFILE vfs\nMOUNT / inherit\n", "PROFILE vfs\nMOUNT / inherit\nMOUNT /a none\n"),
        List{"loses read, change, remove and create /a and below"});
    EXPECT_EQ(changes("PROFILE vfs\nMOUNT /tmp inherit\n", "PROFILE vfs\nMOUNT /tmp private\n"),
              (List{"gains /tmp to itself until it ends",
                    "loses read, change, remove and create /tmp and below"}));
    // What is lost with the whole is lost below it.
    EXPECT_EQ(changes("PROFILE vfs\nMOUNT / readonly\nMOUNT /etc readonly\n", "PROFILE vfs\n"),
              (List{"loses read all files as its starter may", "loses see its own processes"}));
    EXPECT_EQ(changes("PROFILE vfs\nMOUNT / readonly\n",
                      "PROFILE vfs\nMOUNT / readonly\nMOUNT /proc inherit\n"),
              List{"gains see the processes that its starter sees"});
    EXPECT_EQ(
        changes("PROFILE vfs\nGRANT argv read write\n", "PROFILE vfs\nGRANT argv read create\n"),
        (List{"gains create what its arguments name",
              "loses change and remove what its arguments name"}));
}

TEST(Difference, FilesOfAnImage) {
    constexpr std::string_view own = "PROFILE vfs\nMOUNT /opt image\n";
    constexpr std::string_view starters = "PROFILE vfs\nMOUNT /opt readonly\n";
    EXPECT_EQ(changes(starters, own),
              (List{"gains read the files of the image image, from /opt and below",
                    "loses read /opt and below"}));
    EXPECT_EQ(changes(own, starters),
              (List{"gains read /opt and below",
                    "loses read the files of the image image, from /opt and below"}));
}

TEST(Difference, LimitsServicesAndPrograms) {
    EXPECT_EQ(changes("LIMIT memory 1M\nLIMIT cpu 20%\n", "LIMIT memory 2M\nLIMIT processes 5\n"),
              (List{"gains memory: 2.0 MiB instead of 1.0 MiB",
                    "gains CPU: what its starter has instead of 20%",
                    "loses processes: 5 instead of what its starter has"}));
    EXPECT_EQ(changes("PROFILE ipc\nENTRYPOINT /bin/a\n",
                      "PROFILE net\nENTRYPOINT /bin/b c\nENV X=1\nRESTART always\n"),
              (List{"gains PROFILE net, which grants nothing yet", "loses PROFILE ipc",
                    "runs /bin/b c X=1 instead of /bin/a",
                    "runs again when it ends: always instead of no"}));
}

TEST(Difference, WhoWhereAndUntilWhen) {
    constexpr std::string_view old =
        "PROFILE vfs\nMOUNT / readonly\nMOUNT /tmp private 1M\nLIMIT time 5m\nLIMIT disk 2M\n"
        "LIMIT descriptors 9\nRESTART on-failure 2\nLABEL a=b\n";
    EXPECT_EQ(changes(old,
                      "PROFILE vfs\nMOUNT / readonly\nMOUNT /tmp private\nLIMIT disk 1M\n"
                      "LIMIT descriptors 12\nRESTART on-failure 3\n"),
              (List{"gains /tmp: what its memory has room for instead of 1.0 MiB",
                    "gains descriptors: 12 instead of 9", "gains time: no end instead of 5m",
                    "loses private mounts: 1.0 MiB instead of 2.0 MiB",
                    "runs again when it ends: on-failure 3 instead of on-failure 2"}));
    EXPECT_EQ(changes("LIMIT log 128K\n", ""), (List{"loses log: 64.0 KiB instead of 128.0 KiB"}));
    EXPECT_EQ(changes("LIMIT log 64K\n", ""), List{}) << "which is the usual one";
    EXPECT_EQ(changes("PROFILE vfs\nMOUNT / readonly\n",
                      "PROFILE vfs\nMOUNT / readonly\nUSER daemon:7\nWORKDIR /srv\nCMD a b\n"
                      "DEPENDS db\nHEALTHCHECK interval 2s /bin/y x\n"),
              (List{"runs without arguments given: a b instead of nothing",
                    "runs as user daemon:7 instead of its starter",
                    "runs in /srv instead of where its starter is",
                    "runs only while these run: db instead of nothing",
                    "runs with its health told by: /bin/y x, every 2s, 3 failures instead of "
                    "nothing"}));
}

TEST(Explain, Times) {
    EXPECT_EQ(time_text(500), "500ms");
    EXPECT_EQ(time_text(1500), "1500ms");
    EXPECT_EQ(time_text(90'000), "90s");
    EXPECT_EQ(time_text(300'000), "5m");
    EXPECT_EQ(time_text(7'200'000), "2h");
}

TEST(Explain, Sizes) {
    EXPECT_EQ(size_text(0), "0 B");
    EXPECT_EQ(size_text(1023), "1023 B");
    EXPECT_EQ(size_text(1024), "1.0 KiB");
    EXPECT_EQ(size_text(8 << 20), "8.0 MiB");
    EXPECT_EQ(size_text((8 << 20) - 1), "7.9 MiB");
    EXPECT_EQ(size_text(std::uint64_t{3} << 50), "3072.0 TiB");
}

}  // namespace
}  // namespace cluufile
