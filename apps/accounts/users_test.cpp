// SPDX-License-Identifier: MIT
#include "apps/accounts/users.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "libs/cluufile/cluufile.hpp"

namespace accounts {
namespace {

constexpr std::string_view good = R"(
# who may log in
[[group]]
name = "admin"
id = 1000

[[user]]
name = "admin"
id = 1000
home = "/home/admin"
password = "$argon2id$v=19$m=4096,t=2,p=1$c2FsdA$aGFzaA"

[[user]]
name = "guest"
id = 1001
group = 50
groups = [10, 1000]
home = "/tmp"
shell = "/bin/sh"
profiles = []
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
    ASSERT_EQ(users->users.size(), 2u);
    const User& admin = users->users.at(0);
    EXPECT_EQ(admin.name, "admin");
    EXPECT_EQ(admin.id, 1000u);
    EXPECT_EQ(admin.group, 1000u);
    EXPECT_EQ(admin.shell, "/bin/shell");
    EXPECT_EQ(admin.place.line, 7u);
    EXPECT_EQ(admin.place.end_line, 11u);
    EXPECT_EQ(admin.password_place.line, 11u);
    EXPECT_EQ(admin.password_place.column, 12u);
    EXPECT_EQ(admin.password_place.end_column, 12u + 2 + admin.password_hash.size());
    const User& guest = users->users.at(1);
    EXPECT_EQ(guest.group, 50u);
    EXPECT_EQ(guest.groups, (std::vector<std::uint32_t>{10, 1000}));
    EXPECT_EQ(guest.shell, "/bin/sh");
    EXPECT_TRUE(guest.password_hash.empty());
    EXPECT_EQ(users->find("guest"), &guest);
    EXPECT_EQ(users->find(1001), &guest);
    EXPECT_EQ(users->find("nobody"), nullptr);
}

TEST(Users, MistakesHaveAPlace) {
    EXPECT_EQ(mistake(""), "1:1: no [[user]] in the file");
    EXPECT_EQ(mistake("[[user]]\nid = 1\n").substr(0, 5), "1:1: ");
    EXPECT_EQ(mistake("[[user]]\nname = 3\n"), "2:8: `name` must be a text in quotes");
    EXPECT_EQ(mistake("[[user]]\nname = \"A b\"\n"),
              "2:8: `name`: a name is of a-z 0-9 _ -, and begins with none of 0-9 -");
    EXPECT_EQ(mistake("[[user]]\nname = \"a\"\nid = -1\n"),
              "3:6: `id` must be a number from 0 to 4294967294");
    EXPECT_EQ(mistake("[[user]]\nname = \"a\"\nid = 1\nhome = \"x\"\n"),
              "4:8: `home` must be an absolute path");
    EXPECT_EQ(mistake("[[user]]\nname = \"a\"\nid = 1\nhome = \"/a:b\"\n"),
              "4:8: a text without control bytes and colons is needed");
    EXPECT_EQ(mistake("[[user]]\nname = \"a\"\nid = 1\nhome = \"/\"\npassword = \"x\"\n"),
              "5:12: `password` must be what `passwd` writes");
    EXPECT_EQ(mistake("[[user]]\nname = \"a\"\nid = 1\nhome = \"/\"\nprofiles = [\"net\"]\n"),
              "5:13: a profile here is `supervisor` or `admin`");
    const std::string user = "[[user]]\nname = \"a\"\nid = 1\nhome = \"/\"\n";
    EXPECT_EQ(mistake(user + "containers = \"ls\"\n"),
              "5:14: `containers` must be a list of texts");
    EXPECT_EQ(mistake(user + "containers = [\"ls\", \"../x\"]\n"),
              "5:21: `../x` is not the name of an image");
    EXPECT_EQ(mistake(user + "containers = [1]\n"), "5:15: `containers` must be a text in quotes");
    std::string many = user + "containers = [";
    for (int i = 0; i < 501; ++i) many += "\"image-1\", ";
    EXPECT_EQ(mistake(many + "]\n"), "5:14: `containers` is too long: 4008 bytes of 4000");
    EXPECT_EQ(mistake("[[user]]\nnam = \"a\"\n").substr(0, 5), "2:1: ");
    EXPECT_EQ(mistake("[[group]]\nnam = \"a\"\n"), "2:1: `nam` is unknown; expected name or id");
    EXPECT_EQ(mistake("users = 1\n").substr(0, 5), "1:1: ");
    EXPECT_EQ(mistake("user = 1\n"), "1:8: each must be a table: [[user]]");
    EXPECT_EQ(mistake("[[user]\n").substr(0, 2), "1:");
    EXPECT_EQ(mistake("[[user]]\nname = \"a\n").substr(0, 2), "2:");
    EXPECT_EQ(mistake("[[user]]\nname = \"\xc3\xa4\"\n"),
              "2:9: only comments may have characters beyond ASCII");
    EXPECT_EQ(mistake("# \xc3\xa4\n[[user]]\nname = \"\\\"#\" \xcb\x82\n").substr(0, 5), "3:14:");
    EXPECT_EQ(mistake("[[\n").substr(0, 2), "1:") << "no assertion of the parser's";
    std::string twice(good);
    EXPECT_NE(mistake(twice + "\n[[user]]\nname = \"admin\"\nid = 1\nhome = \"/\"\n")
                  .find("another one named `admin`"),
              std::string::npos);
    EXPECT_NE(mistake(twice + "\n[[user]]\nname = \"other\"\nid = 1001\nhome = \"/\"\n")
                  .find("another one with the id 1001"),
              std::string::npos);
}

TEST(Users, MayRunSomeContainers) {
    const std::string user = "[[user]]\nname = \"a\"\nid = 1\nhome = \"/\"\n";
    EXPECT_EQ(parse_users(user)->users[0].containers, std::nullopt) << "all";
    EXPECT_EQ(parse_users(user + "containers = []\n")->users[0].containers, "") << "none";
    const auto some = parse_users(user + "containers = [\"shell\", \"ls\"]\n");
    EXPECT_EQ(some->users[0].containers, (std::string("shell\0ls\0", 9)));
    EXPECT_NE(*some, *parse_users(user));
}

TEST(Users, NamesAreChecked) {
    for (const char* right : {"a", "_x", "bob-2", "a1234567890123456789012345678901"})
        EXPECT_FALSE(wrong_name(right)) << right;
    for (const char* wrong : {"", "-a", "1a", "Bob", "a b", "a:b", "a/b", "a\n", "\xc3\xa4",
                              "a12345678901234567890123456789012"})
        EXPECT_TRUE(wrong_name(wrong)) << wrong;
}

TEST(Users, WhoAdministers) {
    using cluufile::Profile;
    const auto users = *parse_users(good);
    const cluufile::Profiles supervisor = Profile::supervisor;
    EXPECT_TRUE(users.administers(*users.find("admin"))) << "by his own group";
    EXPECT_TRUE(users.administers(*users.find("guest"))) << "by a further group";
    EXPECT_EQ(users.profiles_of(*users.find("admin")), (supervisor | Profile::admin).raw());
    EXPECT_EQ(users.profiles_of(*users.find("guest")), 0u) << "as the file says";
    ASSERT_NE(users.find("root"), nullptr) << "is always there";
    EXPECT_TRUE(users.administers(*users.find(0U)));
    EXPECT_TRUE(users.find("root")->password_hash.empty());
    const auto plain = *parse_users("[[user]]\nname = \"a\"\nid = 7\nhome = \"/\"\n");
    EXPECT_FALSE(plain.administers(*plain.find("a"))) << "there is no group for it";
    EXPECT_EQ(plain.profiles_of(*plain.find("a")), supervisor.raw());
    const auto other = *parse_users("[[user]]\nname = \"chief\"\nid = 0\nhome = \"/\"\n");
    EXPECT_EQ(other.find("root"), nullptr) << "user 0 has the name that the file gives him";
    EXPECT_EQ(other.find(0U)->name, "chief");
}

TEST(Users, TablesForLinux) {
    const auto users = *parse_users(good);
    EXPECT_EQ(passwd_text(users),
              "root:x:0:0:root:/root:/bin/admin-shell\n"
              "admin:x:1000:1000:admin:/home/admin:/bin/shell\n"
              "guest:x:1001:50:guest:/tmp:/bin/sh\n");
    EXPECT_EQ(group_text(users), "root:x:0:\nguest:x:50:\nadmin:x:1000:guest\n");
}

std::string shipped(const std::string& name) {
    std::ifstream file(std::string(SHIPPED) + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Users, WhatShipsAgrees) {
    const auto users = parse_users(shipped("users.toml"));
    ASSERT_TRUE(users) << users.error().message;
    EXPECT_EQ(passwd_text(*users), shipped("passwd"));
    EXPECT_EQ(group_text(*users), shipped("group"));
}

}  // namespace
}  // namespace accounts
