// SPDX-License-Identifier: MIT
#include "apps/login/users.hpp"

#include <gtest/gtest.h>

namespace login {
namespace {

constexpr std::string_view good = R"(
# who may log in
[[user]]
name = "admin"
id = 1000
home = "/home/admin"
password = "$argon2id$v=19$m=4096,t=2,p=1$c2FsdA$aGFzaA"

[[user]]
name = "guest"
id = 1001
group = 50
groups = [10, 20]
home = "/tmp"
shell = "/bin/sh"
)";

std::string mistake(std::string_view text) {
    auto users = parse_users(text);
    if (users) return "none";
    return std::to_string(users.error().line) + ":" + std::to_string(users.error().column) + ": " +
           users.error().message;
}

TEST(Users, AreRead) {
    auto users = parse_users(good);
    ASSERT_TRUE(users) << users.error().message;
    ASSERT_EQ(users->size(), 2u);
    const User& admin = users->at(0);
    EXPECT_EQ(admin.name, "admin");
    EXPECT_EQ(admin.id, 1000u);
    EXPECT_EQ(admin.group, 1000u);
    EXPECT_EQ(admin.shell, "/bin/shell");
    const User& guest = users->at(1);
    EXPECT_EQ(guest.group, 50u);
    EXPECT_EQ(guest.groups, (std::vector<std::uint32_t>{10, 20}));
    EXPECT_EQ(guest.shell, "/bin/sh");
    EXPECT_TRUE(guest.password_hash.empty());
}

TEST(Users, MistakesHaveAPlace) {
    EXPECT_EQ(mistake(""), "1:1: no [[user]] in the file");
    EXPECT_EQ(mistake("[[user]]\nid = 1\n").substr(0, 5), "1:1: ");
    EXPECT_EQ(mistake("[[user]]\nname = 3\n"), "2:8: `name` must be a text in quotes");
    EXPECT_EQ(mistake("[[user]]\nname = \"A b\"\n"), "2:8: `name` must be 1 to 32 of a-z 0-9 _ -");
    EXPECT_EQ(mistake("[[user]]\nname = \"a\"\nid = -1\n"),
              "3:6: `id` must be a number from 0 to 4294967294");
    EXPECT_EQ(mistake("[[user]]\nname = \"a\"\nid = 1\nhome = \"x\"\n"),
              "4:8: `home` must be an absolute path");
    EXPECT_EQ(mistake("[[user]]\nname = \"a\"\nid = 1\nhome = \"/\"\npassword = \"x\"\n"),
              "5:12: `password` must be what `login --hash` prints");
    EXPECT_EQ(mistake("[[user]]\nnam = \"a\"\n").substr(0, 5), "2:1: ");
    EXPECT_EQ(mistake("users = 1\n").substr(0, 5), "1:1: ");
    EXPECT_EQ(mistake("user = 1\n"), "1:1: no [[user]] in the file");
    EXPECT_EQ(mistake("[[user]\n").substr(0, 2), "1:");
    EXPECT_EQ(mistake("[[user]]\nname = \"a\n").substr(0, 2), "2:");
    std::string twice(good);
    EXPECT_NE(mistake(twice + "\n[[user]]\nname = \"admin\"\nid = 1\nhome = \"/\"\n")
                  .find("another user named `admin`"),
              std::string::npos);
}

}  // namespace
}  // namespace login
