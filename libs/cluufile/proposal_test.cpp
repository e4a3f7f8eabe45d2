// SPDX-License-Identifier: MIT
#include "libs/cluufile/proposal.hpp"

#include <gtest/gtest.h>

namespace cluufile {
namespace {

class NoImages final : public ImageSource {
public:
    std::optional<std::string_view> find(std::string_view) override { return std::nullopt; }
};

Plan plan_from(std::string_view text) {
    NoImages images;
    const auto file = parse("Cluufile", text, images);
    EXPECT_TRUE(file) << text;
    return plan_of("image", *file);
}

constexpr Rights read = Right::read, write = Right::write, create = Right::create;

std::string proposed(std::string_view text, const std::vector<Use>& uses,
                     const std::vector<std::string>& arguments = {"x"}) {
    const std::string out = text_of(
        tightened(plan_from(text), {.arguments = arguments, .directory = "/home/ann"}, uses));
    // Whatever is proposed is a Cluufile.
    (void)plan_from(out);
    return out.substr(out.find('\n') + 1);
}

TEST(Proposal, MountsThatWereUsedAsTheyWereUsed) {
    constexpr std::string_view text =
        "PROFILE vfs\nMOUNT /a inherit\nMOUNT /b inherit\nMOUNT /c readonly\nMOUNT /d "
        "private\nMOUNT /e none\n";
    EXPECT_EQ(proposed(text, {{"/a/x", read}, {"/b/y", read | create}, {"/d", {}}}),
              "PROFILE vfs\nMOUNT /a readonly\nMOUNT /b inherit\nMOUNT /d private\n");
    EXPECT_EQ(proposed(text, {}), "");
}

TEST(Proposal, OfTheWholeOnlyTheDirectoriesThatWereUsed) {
    constexpr std::string_view text =
        "PROFILE vfs ipc\nMOUNT / inherit\nMOUNT /home/ann/.ssh none\n";
    EXPECT_EQ(
        proposed(text, {{"/etc/passwd", read}, {"/home/ann/x", write}, {"/", {}}}),
        "PROFILE ipc vfs\nMOUNT /etc readonly\nMOUNT /home inherit\nMOUNT /home/ann/.ssh none\n");
    EXPECT_EQ(proposed(text, {{"/etc/passwd", read}}), "PROFILE ipc vfs\nMOUNT /etc readonly\n");
    // A listing of the root, or a new name in it, needs the root.
    EXPECT_EQ(proposed(text, {{"/", read}}),
              "PROFILE ipc vfs\nMOUNT / inherit\nMOUNT /home/ann/.ssh none\n");
    EXPECT_EQ(proposed("PROFILE vfs\nMOUNT / inherit\n", {{"/new", create}}),
              "PROFILE vfs\nMOUNT / inherit\n");
    std::vector<Use> many;
    for (char c = 'a'; c < 'k'; ++c) many.push_back({std::string{"/"} + c + "/x", read});
    EXPECT_EQ(proposed("PROFILE vfs\nMOUNT / readonly\n", many), "PROFILE vfs\nMOUNT / readonly\n");
}

TEST(Proposal, WhereItStartsIsNeeded) {
    EXPECT_EQ(
        proposed("PROFILE vfs\nMOUNT /srv inherit\nMOUNT /a readonly\nWORKDIR /srv/www\n", {}),
        "PROFILE vfs\nMOUNT /srv readonly\nWORKDIR /srv/www\n");
    EXPECT_EQ(proposed("PROFILE vfs\nMOUNT / inherit\nWORKDIR /\n", {}),
              "PROFILE vfs\nMOUNT / inherit\nWORKDIR /\n");
    // A size stays that of the whole.
    EXPECT_EQ(proposed("PROFILE vfs\nMOUNT / private 1M\n", {{"/a/b", read | create}}),
              "PROFILE vfs\nMOUNT / private 1024K\n");
}

TEST(Proposal, RightsToNamesThatWereUsed) {
    constexpr std::string_view text =
        "PROFILE vfs\nGRANT argv read write create\nGRANT beside create write\nGRANT cwd "
        "read\nMOUNT /etc readonly\n";
    const std::vector<std::string> arguments{"x", "-v", "a", "../ann/./b/"};
    EXPECT_EQ(proposed(text, {{"/home/ann/a", read}, {"/home/ann/b/c", {}}, {"/home/ann", {}}},
                       arguments),
              "PROFILE vfs\nGRANT argv read\n");
    EXPECT_EQ(proposed(text, {{"/home/ann/a.gz", create}, {"/home/ann", read}, {"/etc/x", read}},
                       arguments),
              "PROFILE vfs\nMOUNT /etc readonly\nGRANT beside create\nGRANT cwd read\n");
    // Never more than there was.
    EXPECT_EQ(
        proposed("PROFILE vfs\nGRANT argv read\n", {{"/home/ann/a", read | write}}, arguments),
        "PROFILE vfs\nGRANT argv read\n");
}

TEST(Proposal, SaysAllThatAPlanIs) {
    constexpr std::string_view text =
        "FROM minimal\nPROFILE vfs net\nMOUNT '/a b' private 1M\nENV 'A=b c' \"D=it's\"\n"
        "LABEL org.example/version=1.2 'note=two words'\nLIMIT memory 16384K\nLIMIT cpu 20%\n"
        "LIMIT processes 5\nLIMIT descriptors 12\nLIMIT time 90s\nLIMIT disk 2M\nLIMIT log 8K\n"
        "USER daemon:7\nWORKDIR '/a b'\nDEPENDS db net\n"
        "HEALTHCHECK interval 2s /bin/y 'is it'\nRESTART on-failure 3\n"
        "ENTRYPOINT /bin/x '' y\nCMD serve 'a b'\n";
    const Plan plan = plan_from(text);
    const std::string once = text_of(plan);
    EXPECT_EQ(text_of(plan_from(once)), once);
    EXPECT_EQ(once,
              "FROM minimal\nPROFILE vfs net\nMOUNT '/a b' private 1024K\nENV 'A=b c'\nENV "
              "\"D=it's\"\nLABEL org.example/version=1.2\nLABEL 'note=two words'\n"
              "LIMIT memory 16384K\nLIMIT cpu 20%\nLIMIT processes 5\nLIMIT descriptors 12\n"
              "LIMIT time 90s\nLIMIT disk 2048K\nLIMIT log 8K\nUSER daemon:7\nWORKDIR '/a b'\n"
              "DEPENDS db net\nHEALTHCHECK interval 2s retries 3 /bin/y 'is it'\n"
              "RESTART on-failure 3\nENTRYPOINT /bin/x '' y\nCMD serve 'a b'\n");
}

}  // namespace
}  // namespace cluufile
