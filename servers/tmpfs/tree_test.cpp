// SPDX-License-Identifier: MIT
#include "servers/tmpfs/tree.hpp"

#include "libs/fs_server/conformance.hpp"
#include "servers/tmpfs/archive.hpp"

namespace tmpfs {
namespace {

using fs_server::testing::ArrayStore;
using fs_server::testing::TestClient;
using fs_server::testing::TestHost;

class TreeFixture : public ::testing::Test {
public:
    TestClient& client() { return client_; }

protected:
    explicit TreeFixture(std::uint64_t limit = 1 << 26, std::uint64_t nodes = 10'000) {
        auto tree = std::make_unique<Tree>(std::make_unique<ArrayStore>(limit), host_,
                                           TreeOptions{.device = 5, .max_nodes = nodes});
        tree_ = tree.get();
        service_.add_root(std::move(tree));
    }

    TestHost host_;
    fs_server::Service service_{host_};
    TestClient client_{service_, host_, fs_server::root_badge};
    Tree* tree_ = nullptr;
};

}  // namespace
}  // namespace tmpfs

namespace fs_server::testing {
INSTANTIATE_TYPED_TEST_SUITE_P(Tmpfs, Conformance, tmpfs::TreeFixture);
}

namespace tmpfs {
namespace {

class SmallTree : public TreeFixture {
protected:
    SmallTree() : TreeFixture(10'000, 5) {}
};

TEST_F(SmallTree, LimitsAreErrorsAndLeaveThingsWhole) {
    EXPECT_EQ(client_.make_file("a", std::string(8'000, 'x')), Status::ok);
    EXPECT_EQ(client_.make_file("b", std::string(8'000, 'y')), Status::no_space);
    EXPECT_EQ(client_.stat("b").size, 0U);  // the first message's worth did not fit either
    EXPECT_EQ(client_.remove("a"), Status::ok);
    EXPECT_EQ(client_.make_file("b", std::string(8'000, 'y')), Status::ok);
    EXPECT_EQ(client_.make_directory("c"), Status::ok);
    EXPECT_EQ(client_.make_directory("d"), Status::ok);
    EXPECT_EQ(client_.make_directory("e"), Status::ok);
    EXPECT_EQ(client_.make_directory("f"), Status::no_space);
}

// They count as nodes, of which there are 5.
TEST_F(SmallTree, ExtendedAttributesTakeTheRoomOfNodes) {
    EXPECT_EQ(client_.make_file("a", ""), Status::ok);
    const auto file = client_.open("a", fs::OpenFlags::read);
    const fs::SetExtended set{.name_length = 6};
    EXPECT_TRUE(client_.call(file, set, "user.a" + std::string(2'500, 'x')));
    const auto more = client_.call(file, set, "user.b" + std::string(1'000, 'x'));
    EXPECT_TRUE(!more && more.error() == Status::no_space);
    EXPECT_FALSE(client_.call(file, fs::GetExtended{}, "user.b"));
    EXPECT_EQ(client_.make_directory("b"), Status::no_space);
    EXPECT_TRUE(client_.call(
        file, fs::SetExtended{.name_length = 6, .how = fs::SetExtended::remove}, "user.a"));
    EXPECT_EQ(client_.make_directory("b"), Status::ok);
    EXPECT_TRUE(client_.call(file, set, "user.a" + std::string(1'500, 'x')));
    client_.close(file);
    EXPECT_EQ(client_.remove("a"), Status::ok);
    for (const std::string_view name : {"c", "d", "e"}) {
        EXPECT_EQ(client_.make_directory(name), Status::ok);
    }
}

TEST_F(TreeFixture, SealsHoldWhoeverTries) {
    using Flags = fs::OpenFlags;
    const auto seal = [&](std::uint64_t file, std::uint32_t add) {
        const auto reply = client_.call(file, fs::Seal{.add = add});
        return reply ? Status::ok : reply.error();
    };
    const auto plain = client_.open("", Flags::nameless | Flags::read | Flags::write);
    EXPECT_EQ(seal(plain, fs::Seal::write), Status::not_permitted);
    client_.close(plain);
    const auto file =
        client_.open("", Flags::nameless | Flags::sealable | Flags::read | Flags::write);
    ASSERT_NE(file, 0U);
    EXPECT_EQ(client_.write(file, "text"), Status::ok);
    EXPECT_EQ(seal(file, 0x20), Status::invalid);
    EXPECT_EQ(seal(file, fs::Seal::shrink), Status::ok);
    EXPECT_FALSE(client_.call(file, fs::Truncate{.size = 3}));
    EXPECT_TRUE(client_.call(file, fs::Truncate{.size = 5}));
    EXPECT_EQ(seal(file, fs::Seal::grow), Status::ok);
    EXPECT_FALSE(client_.call(file, fs::Truncate{.size = 6}));
    EXPECT_FALSE(client_.call(file, fs::Allocate{.length = 6}));
    EXPECT_EQ(client_.write(file, "xy", 4), Status::not_permitted);
    EXPECT_EQ(client_.write(file, "T", 0), Status::ok);
    EXPECT_TRUE(client_.call(file, fs::Map{.write = fs::Map::unannounced}));
    EXPECT_EQ(seal(file, fs::Seal::write | fs::Seal::seal), Status::ok);
    EXPECT_EQ(client_.write(file, "x", 0), Status::not_permitted);
    EXPECT_FALSE(client_.call(file, fs::Map{.write = fs::Map::unannounced}));
    EXPECT_FALSE(client_.call(file, fs::Written{}));
    EXPECT_EQ(seal(file, fs::Seal::grow), Status::not_permitted);
    const auto all = client_.call(file, fs::Seal{});
    ASSERT_TRUE(all);
    EXPECT_EQ(all->seals, fs::Seal::shrink | fs::Seal::grow | fs::Seal::write | fs::Seal::seal);
    EXPECT_EQ(client_.read_all(file).substr(0, 4), "Text");
    client_.close(file);
}

TEST_F(TreeFixture, MadeRootsEndWithTheirLastFile) {
    const auto second = service_.add_root(
        std::make_unique<Tree>(std::make_unique<ArrayStore>(), host_, TreeOptions{.device = 6}));
    TestClient other{service_, host_, second};
    EXPECT_EQ(other.make_file("x", "x"), Status::ok);
    const auto file = other.open("x", fs::OpenFlags::read);
    service_.on_drop(second);
    EXPECT_EQ(other.read_all(file), "x");
    other.close(file);
    EXPECT_EQ(other.make_file("y", "y"), Status::bad_handle);
}

// One member of a cpio archive.
std::string member(std::string_view name, unsigned mode, std::string_view data) {
    char header[111];
    std::snprintf(header, sizeof header,
                  "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", 1U, mode, 0U, 0U,
                  1U, 0U, static_cast<unsigned>(data.size()), 0U, 0U, 0U, 0U,
                  static_cast<unsigned>(name.size() + 1), 0U);
    std::string text{header};
    text += name;
    text += '\0';
    text.resize((text.size() + 3) / 4 * 4);
    text += data;
    text.resize((text.size() + 3) / 4 * 4);
    return text;
}

TEST_F(TreeFixture, UnpacksArchives) {
    const std::string archive = member("etc", 040755, "") + member("etc/motd", 0100644, "hi\n") +
                                member("usr/bin/tool", 0100755, std::string(9'000, 't')) +
                                member("bin", 0120777, "usr/bin") + member("TRAILER!!!", 0, "");
    ASSERT_TRUE(unpack(ipc::bytes(archive), *tree_));
    EXPECT_EQ(client_.contents("etc/motd"), "hi\n");
    EXPECT_EQ(client_.contents("usr/bin/tool"), std::string(9'000, 't'));
    EXPECT_EQ(client_.stat("usr/bin/tool").mode, 0755U);
    EXPECT_EQ(client_.stat("bin").kind, fs::Kind::symbolic_link);
}

}  // namespace
}  // namespace tmpfs
