// SPDX-License-Identifier: MIT
#include "apps/accounts/store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace accounts {
namespace {

const std::string good = "[[user]]\nname = \"a\"\nid = 7\nhome = \"/a\"\n";
const std::string other = "[[user]]\nname = \"b\"\nid = 8\nhome = \"/b\"\n";

class StoreTest : public testing::Test {
protected:
    StoreTest() { std::filesystem::create_directory(folder); }
    ~StoreTest() override { std::filesystem::remove_all(folder); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder + "/" + name) << text;
    }
    [[nodiscard]] std::string read(const std::string& name) const {
        std::ifstream file(folder + "/" + name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] mode_t mode(const std::string& name) const {
        struct stat status{};
        stat((folder + "/" + name).c_str(), &status);
        return status.st_mode & 07777;
    }

    std::string folder = testing::TempDir() + "accounts-" + std::to_string(getpid());
};

TEST_F(StoreTest, ReadsTheFileAnew) {
    Store store(folder);
    store.reload();
    EXPECT_EQ(store.notice(), folder + "/users.toml: No such file or directory");
    EXPECT_TRUE(store.users().users.empty());
    write("users.toml", good);
    store.reload();
    EXPECT_EQ(store.notice(), "");
    EXPECT_NE(store.users().find("a"), nullptr);
    EXPECT_NE(read("passwd").find("a:x:7:7:a:/a:/bin/shell\n"), std::string::npos);
    EXPECT_EQ(read("group"), "root:x:0:\na:x:7:\n");
    EXPECT_EQ(mode("passwd"), 0644u);
    write("users.toml", other);
    store.reload();
    EXPECT_EQ(store.users().find("a"), nullptr);
    EXPECT_NE(store.users().find("b"), nullptr);
}

TEST_F(StoreTest, AMistakeLeavesTheOldListInForce) {
    write("users.toml", good);
    {
        Store store(folder);
        store.reload();
        write("users.toml", "[[user]]\nnam = 1\n");
        store.reload();
        EXPECT_EQ(store.notice().find(folder + "/users.toml:2:1: `nam` is unknown"), 0u);
        EXPECT_TRUE(store.notice().ends_with("; the users of before stay in force"));
        EXPECT_NE(store.users().find("a"), nullptr);
        const std::string once = store.notice();
        store.reload();
        EXPECT_EQ(store.notice(), once) << "it is said as long as it is so";
    }
    Store again(folder);
    again.reload();
    EXPECT_NE(again.users().find("a"), nullptr) << "also after a restart";
    EXPECT_NE(again.notice(), "");
    EXPECT_EQ(mode("users.toml.good"), 0600u);
    write("users.toml", other);
    again.reload();
    EXPECT_EQ(again.notice(), "");
    EXPECT_EQ(again.users().find("a"), nullptr);
}

TEST_F(StoreTest, ReplacesTheFileWhole) {
    write("users.toml", good);
    Store store(folder);
    store.reload();
    EXPECT_EQ(store.replace(other), std::nullopt);
    EXPECT_EQ(read("users.toml"), other);
    EXPECT_EQ(mode("users.toml"), 0600u);
    EXPECT_NE(store.users().find("b"), nullptr);
    EXPECT_NE(read("passwd").find("b:x:8"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(folder + "/users.toml.new"));
    EXPECT_NE(store.replace("nonsense"), std::nullopt);
    EXPECT_EQ(read("users.toml"), other);
    std::filesystem::create_directory(folder + "/users.toml.new");
    EXPECT_NE(store.replace(good), std::nullopt) << "it cannot be written";
    EXPECT_EQ(read("users.toml"), other);
    EXPECT_NE(store.users().find("b"), nullptr) << "what is in force is what is on the disk";
}

}  // namespace
}  // namespace accounts
