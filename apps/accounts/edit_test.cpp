// SPDX-License-Identifier: MIT
#include "apps/accounts/edit.hpp"

#include <gtest/gtest.h>

namespace accounts {
namespace {

const std::string hash = "$argon2id$v=19$m=4096,t=2,p=1$bmV3$bmV3";

constexpr std::string_view text = R"(# the people

# about admin
[[user]]
name = "admin"   # the first
  id = 1000
home = "/home/admin"
password = "$argon2id$old"  # changed in May
# about guest
[[user]]
name = "guest"
id = 1001
home = "/tmp"
)";

std::string replaced(std::string from, std::string_view what, std::string_view by) {
    return from.replace(from.find(what), what.size(), by);
}

TEST(Edit, APasswordIsAllThatChanges) {
    EXPECT_EQ(with_password(text, "admin", hash),
              replaced(std::string(text), "$argon2id$old", hash));
    EXPECT_EQ(with_password(text, "guest", hash),
              replaced(std::string(text), "[[user]]\nname = \"guest\"\n",
                       "[[user]]\npassword = \"" + hash + "\"\nname = \"guest\"\n"));
    EXPECT_EQ(with_password(text, "nobody", hash), std::nullopt);
    EXPECT_EQ(with_password("[[user]", "admin", hash), std::nullopt);
}

TEST(Edit, WhatItDoesNotUnderstandItLeavesAlone) {
    const std::string in_line =
        "user = [ { name = \"a\", id = 1, home = \"/\" }, { name = \"b\", id = 2, home = \"/\" } "
        "]\n";
    ASSERT_TRUE(parse_users(in_line));
    EXPECT_EQ(with_password(in_line, "a", hash), std::nullopt);
    EXPECT_EQ(without_user(in_line, "a"), std::nullopt);
    EXPECT_EQ(with_user(in_line, {.name = "c", .id = 3, .group = 3, .home = "/"}), std::nullopt);
    const std::string long_form =
        "[[user]]\nname = \"a\"\nid = 1\nhome = \"/\"\n"
        "password = \"\"\"\n$argon2id$x\"\"\"\n";
    ASSERT_TRUE(parse_users(long_form));
    EXPECT_EQ(with_password(long_form, "a", hash), std::nullopt);
}

TEST(Edit, ANewUserComesLast) {
    const User user{.name = "bob",
                    .id = 1002,
                    .group = 1002,
                    .groups = {1000},
                    .home = "/home/bob",
                    .shell = "/bin/sh"};
    const auto result = with_user(text, user);
    EXPECT_EQ(result, std::string(text) +
                          "\n[[user]]\nname = \"bob\"\nid = 1002\ngroups = [1000]\n"
                          "home = \"/home/bob\"\nshell = \"/bin/sh\"\n");
    EXPECT_EQ(without_user(*result, "bob"), text) << "and can go again";
    EXPECT_EQ(with_user(text, {.name = "guest", .id = 5, .group = 5, .home = "/"}), std::nullopt);
    EXPECT_EQ(with_user(text, {.name = "x", .id = 5, .group = 5, .home = "/\"\n"}), std::nullopt);
}

TEST(Edit, AUserGoesAndTheCommentsStay) {
    EXPECT_EQ(without_user(text, "admin"),
              "# the people\n\n# about admin\n# about guest\n[[user]]\nname = \"guest\"\n"
              "id = 1001\nhome = \"/tmp\"\n");
    const auto alone = without_user(text, "guest");
    ASSERT_TRUE(alone);
    EXPECT_TRUE(alone->ends_with("# changed in May\n# about guest\n"));
    EXPECT_EQ(without_user(*alone, "admin"), std::nullopt) << "a list of nobody is no list";
}

}  // namespace
}  // namespace accounts
