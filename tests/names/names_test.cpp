// SPDX-License-Identifier: MIT
// vfs's views over file systems in memory: the real resolver, service and back end, without a kernel.
#include <gtest/gtest.h>

#include <random>

#include "libs/fs_server/test_client.hpp"
#include "servers/tmpfs/tree.hpp"
#include "servers/vfs/service.hpp"

namespace {

using fs_server::testing::ArrayStore;
using fs_server::testing::TestClient;
using fs_server::testing::TestHost;
using vfs::Status;
using Flags = fs::OpenFlags;

// A file system in this process.
struct Local {
    TestHost host;
    fs_server::Service service{host};
    std::uint64_t root = service.add_root(std::make_unique<tmpfs::Tree>(
        std::make_unique<ArrayStore>(), host, tmpfs::TreeOptions{.device = 9}));
    TestClient client{service, host, root};
};

// Each message is copied out, as if it had gone through the message page.
class LocalFileSystem final : public vfs::FileSystem {
public:
    explicit LocalFileSystem(Local& local) : local_(local) {}

private:
    vfs::Result<vfs::RawAnswer> exchange(std::uint16_t label, const ipc::Words& words,
                                         std::string_view payload) override {
        const auto reply = local_.client.exchange(local_.root, label, words, payload);
        if (reply.tag.status() != 0) {
            return base::fail(static_cast<Status>(reply.tag.status()));
        }
        payload_ = local_.client.payload;
        return vfs::RawAnswer{.words = reply.words, .payload = ipc::bytes(payload_)};
    }

    Local& local_;
    std::string payload_;
};

class Host final : public vfs::Host {
public:
    vfs::Result<vfs::FileSystemPointer> make(const vfs::NewFileSystem&) override {
        made.push_back(std::make_unique<Local>());
        return vfs::make_file_system<LocalFileSystem>(*made.back());
    }
    vfs::Result<ipc::Capability<names::View>> mint_view(std::uint64_t badge) override {
        minted = badge;
        return ipc::Capability<names::View>{};
    }
    vfs::Result<std::uint64_t> badge_of(ipc::Ref<names::View>) override { return 0; }

    std::vector<std::unique_ptr<Local>> made;
    std::uint64_t minted = 0;
};

class Names : public ::testing::Test {
protected:
    Names() {
        vfs::View view;
        view.is_manager = true;
        view.mount({.path = "", .file_system = vfs::make_file_system<LocalFileSystem>(root_)});
        view.mount({.path = "/mnt", .file_system = vfs::make_file_system<LocalFileSystem>(other_)});
        service_ = std::make_unique<vfs::Service>(host_, std::move(view));
        root_.client.make_directory("mnt");
        root_.client.make_directory("home");
        root_.client.make_directory("home/ann");
        root_.client.make_directory("tmp", 01777);
        root_.client.make_file("home/ann/notes", "ann's notes");
        root_.client.make_file("file", "root file");
        other_.client.make_file("inner", "other file");
        other_.client.make_directory("dir");
    }

    template <class Op>
    vfs::Result<typename Op::Reply> call(std::uint64_t view, const Op& operation,
                                         std::string_view sent = {}) {
        const auto reply = exchange(view, Op::label, ipc::pack(operation), sent);
        if (reply.tag.status() != 0) {
            return base::fail(static_cast<Status>(reply.tag.status()));
        }
        return ipc::unpack<typename Op::Reply>(reply.words);
    }
    ipc::sys::Message exchange(std::uint64_t view, std::uint16_t label, const ipc::Words& words,
                               std::string_view sent) {
        std::vector<std::byte> page(abi::message_bytes);
        std::ranges::copy(ipc::bytes(sent), page.begin());
        ipc::Request request{
            {.badge = view,
             .tag = abi::make_tag(label, sent.size()),
             .words = words,
             .page = std::span<std::byte, abi::message_bytes>{page.data(), abi::message_bytes}},
            {}};
        const auto reply = ipc::dispatch<vfs::Service::Protocol>(*service_, request);
        payload_.assign(reinterpret_cast<const char*>(page.data()), reply.tag.payload());
        return reply;
    }

    // The inode that a path leads to, or 0; what went wrong is in latest_.
    std::uint64_t inode(std::string_view path, std::uint64_t view = 1, bool follow = true) {
        const auto reply = call(view, fs::GetPathAttributes{.follow = follow ? 1U : 0U}, path);
        latest_ = TestClient::status_of(reply);
        fs::Attributes attributes;
        return reply && ipc::read_payload(ipc::bytes(payload_), attributes)
                   ? attributes.device << 32 | attributes.inode
                   : 0;
    }
    Status open(std::string_view path, std::uint32_t flags, std::uint64_t view = 1) {
        return TestClient::status_of(call(view, fs::Open{.flags = flags, .mode = 0644}, path));
    }
    static std::string rule(std::string_view path, names::Access access) {
        const std::size_t length = (sizeof(names::MountRule) + path.size() + 7) / 8 * 8;
        const names::MountRule record{.record_length = static_cast<std::uint16_t>(length),
                                      .path_length = static_cast<std::uint16_t>(path.size()),
                                      .access = access};
        std::string text{reinterpret_cast<const char*>(&record), sizeof record};
        text += path;
        text.resize(length);
        return text;
    }
    std::uint64_t derive(const std::string& rules, fs::Identity identity = {},
                         std::uint64_t from = 1) {
        const auto reply =
            call(from, names::Derive{.identity = identity, .set_identity = 1}, rules);
        latest_ = TestClient::status_of(reply);
        return reply ? host_.minted : 0;
    }

    Local root_, other_;
    Host host_;
    std::unique_ptr<vfs::Service> service_;
    std::string payload_;
    Status latest_ = Status::ok;
};

TEST_F(Names, PathsInAllSpellings) {
    const auto notes = inode("/home/ann/notes");
    EXPECT_NE(notes, 0U);
    for (const char* path :
         {"//home//ann///notes", "/./home/./ann/notes", "/home/ann/../ann/notes",
          "/../../home/ann/notes", "/mnt/../home/ann/notes", "/mnt/dir/../../home/ann/notes"}) {
        EXPECT_EQ(inode(path), notes) << path;
    }
    EXPECT_EQ(inode("/mnt/inner"), inode("/home/../mnt/dir/../inner"));
    EXPECT_EQ(inode(""), 0U);
    EXPECT_EQ(latest_, Status::not_found);
    EXPECT_EQ(inode("home"), 0U);
    EXPECT_EQ(latest_, Status::invalid);
    EXPECT_EQ(inode("/file/.."), 0U);
    EXPECT_EQ(latest_, Status::not_directory);
    EXPECT_EQ(inode("/none/../file"), 0U);
    EXPECT_EQ(latest_, Status::not_found);
    EXPECT_EQ(inode("/file/"), 0U);
    EXPECT_EQ(latest_, Status::not_directory);
    EXPECT_NE(inode("/home/"), 0U);
    EXPECT_EQ(inode("/" + std::string(256, 'n')), 0U);
    EXPECT_EQ(latest_, Status::name_too_long);
}

// An entrance shows what its view shows of one mount, as the view's user, and no more.
TEST_F(Names, EntrancesShowWhatTheViewShows) {
    EXPECT_EQ(TestClient::status_of(call(1, names::Enter{}, "/home")), Status::not_permitted);
    root_.client.make_file("home/ann/secret", "not for 7", 0600);
    root_.client.symlink("../../file", "home/ann/out");
    root_.client.make_directory("home/ann/mine", 0777);
    const auto view =
        derive(rule("/home/ann", names::Access::inherit) + rule("/mnt", names::Access::read_only),
               {.user = 7, .group = 7});
    ASSERT_TRUE(call(view, names::Enter{}, "/home/ann/notes"));
    EXPECT_EQ(payload_, (std::string{"/home/ann\0", 10}));
    const std::uint64_t entrance = root_.host.minted;
    auto& c = root_.client;
    const auto open = [&](std::uint64_t through, std::string_view path, std::uint32_t flags) {
        const auto reply =
            c.call(through, fs::Open{.flags = flags, .mode = 0644, .identity = {}}, path);
        return reply && reply->redirected != fs::Redirected::no ? Status::too_many_links
                                                                : TestClient::status_of(reply);
    };
    EXPECT_EQ(open(entrance, "notes", Flags::read), Status::ok);
    EXPECT_EQ(open(entrance, "secret", Flags::read), Status::access_denied);
    EXPECT_EQ(open(entrance, "new", Flags::write | Flags::create), Status::access_denied);
    EXPECT_EQ(open(entrance, "mine/new", Flags::write | Flags::create), Status::ok);
    EXPECT_EQ(c.stat("home/ann/mine/new").user, 7U);
    EXPECT_EQ(open(entrance, "../../file", Flags::read), Status::invalid);
    EXPECT_EQ(open(entrance, "file", Flags::read), Status::not_found);
    EXPECT_EQ(open(entrance, "out", Flags::read), Status::too_many_links);
    EXPECT_EQ(c.payload, "");
    EXPECT_EQ(TestClient::status_of(c.call(entrance, fs::Remove{}, "notes")),
              Status::access_denied);
    EXPECT_EQ(TestClient::status_of(c.call(entrance, fs::Remove{}, "mine/new")), Status::ok);
    EXPECT_EQ(TestClient::status_of(c.call(entrance, fs::MakeNode{}, "mine/d")),
              Status::bad_handle);
    EXPECT_EQ(TestClient::status_of(c.call(entrance, fs::Enter{}, "")), Status::bad_handle);
    root_.service.on_drop(entrance);
    EXPECT_EQ(open(entrance, "notes", Flags::read), Status::bad_handle);

    ASSERT_TRUE(call(view, names::Enter{}, "/mnt/dir"));
    const std::uint64_t read_only = other_.host.minted;
    auto& other = other_.client;
    EXPECT_TRUE(other.call(read_only, fs::Open{.flags = Flags::read}, "inner"));
    EXPECT_EQ(TestClient::status_of(other.call(read_only, fs::Remove{}, "inner")),
              Status::read_only);
    EXPECT_EQ(TestClient::status_of(
                  other.call(read_only, fs::Open{.flags = Flags::write | Flags::create}, "x")),
              Status::access_denied);
}

TEST_F(Names, DotDotIsPhysical) {
    root_.client.make_directory("home/ann/deep");
    root_.client.make_directory("home/ann/deep/down");
    root_.client.symlink("/home/ann/deep/down", "far");
    root_.client.symlink("ann/deep", "home/near");
    EXPECT_EQ(inode("/far/.."), inode("/home/ann/deep"));
    EXPECT_EQ(inode("/far/../.."), inode("/home/ann"));
    EXPECT_EQ(inode("/home/near/../notes"), inode("/home/ann/notes"));
    EXPECT_EQ(inode("/home/near/down/../../notes"), inode("/home/ann/notes"));
}

TEST_F(Names, LinksLeadAcrossMounts) {
    root_.client.symlink("/mnt/inner", "to-other");
    other_.client.symlink("../file", "to-root");
    other_.client.symlink("/home/ann", "to-ann");
    EXPECT_EQ(inode("/to-other"), inode("/mnt/inner"));
    EXPECT_EQ(inode("/mnt/to-root"), inode("/file"));
    EXPECT_EQ(inode("/mnt/to-ann/notes"), inode("/home/ann/notes"));
    EXPECT_EQ(inode("/mnt/to-ann/"), inode("/home/ann"));
    EXPECT_NE(inode("/to-other", 1, false), inode("/mnt/inner"));
    root_.client.symlink("loop", "loop");
    EXPECT_EQ(inode("/loop"), 0U);
    EXPECT_EQ(latest_, Status::too_many_links);
    root_.client.symlink("../loop2/x/../loop2", "home/loop2");
    EXPECT_EQ(inode("/home/loop2/.."), 0U);
    std::string chain = "/file";
    for (int i = 0; i < 41; ++i) {
        const std::string name = "chain" + std::to_string(i);
        root_.client.symlink(chain, name);
        chain = "/" + name;
    }
    EXPECT_EQ(inode("/chain40"), 0U);
    EXPECT_EQ(latest_, Status::too_many_links);
    EXPECT_NE(inode("/chain38"), 0U);
}

TEST_F(Names, FilesAreCreatedThroughLinks) {
    root_.client.symlink("/mnt/dir/new", "dangling");
    EXPECT_EQ(open("/dangling", Flags::write | Flags::create), Status::ok);
    EXPECT_NE(inode("/mnt/dir/new"), 0U);
    EXPECT_EQ(open("/dangling", Flags::write | Flags::create | Flags::exclusive), Status::exists);
    EXPECT_EQ(open("/newdir/", Flags::write | Flags::create), Status::invalid);
}

TEST_F(Names, OperationsStayInOneFileSystemAndLeaveMountsAlone) {
    const auto rename = [&](std::string_view from, std::string_view to) {
        return TestClient::status_of(
            call(1, fs::Rename{.first_length = static_cast<std::uint32_t>(from.size())},
                 std::string{from} + std::string{to}));
    };
    EXPECT_EQ(rename("/file", "/mnt/file"), Status::cross_device);
    EXPECT_EQ(rename("/mnt", "/x"), Status::busy);
    EXPECT_EQ(rename("/file", "/home/ann/../file2"), Status::ok);
    EXPECT_EQ(rename("/mnt/inner", "/mnt/dir/inner"), Status::ok);
    EXPECT_NE(inode("/mnt/dir/inner"), 0U);
    EXPECT_EQ(TestClient::status_of(call(1, fs::Remove{.directory = 1}, "/mnt")), Status::busy);
    EXPECT_EQ(TestClient::status_of(call(1, fs::MakeNode{.kind = fs::Kind::directory}, "/mnt")),
              Status::exists);
}

TEST_F(Names, ADerivedViewHasOnlyWhatIsNamed) {
    const auto view = derive(rule("/home", names::Access::inherit));
    ASSERT_NE(view, 0U);
    EXPECT_EQ(inode("/home/ann/notes", view), inode("/home/ann/notes"));
    EXPECT_EQ(inode("/file", view), 0U);
    EXPECT_EQ(inode("/home/../file", view), 0U);
    EXPECT_EQ(inode("/mnt/inner", view), 0U);
    EXPECT_NE(inode("/", view), 0U);  // a root of its own, with the mount point in it
    EXPECT_EQ(host_.made.back()->client.list(""), (std::vector<std::string>{".", "..", "home"}));
    EXPECT_EQ(open("/x", Flags::write | Flags::create, view), Status::read_only);
    // Links that lead out lead nowhere.
    root_.client.symlink("../../file", "home/ann/out");
    root_.client.symlink("/file", "home/ann/out2");
    EXPECT_EQ(inode("/home/ann/out", view), 0U);
    EXPECT_EQ(inode("/home/ann/out2", view), 0U);
    // A view of the view cannot have more.
    EXPECT_EQ(derive(rule("/", names::Access::inherit), {}, view) != 0, true);
    EXPECT_EQ(inode("/file", host_.minted), 0U);
    EXPECT_EQ(derive(rule("/file", names::Access::inherit), {}, view), 0U);
    EXPECT_EQ(latest_, Status::not_found);
}

TEST_F(Names, RulesForLongerPathsComeFirst) {
    const auto view =
        derive(rule("/", names::Access::read_only) + rule("/home/ann", names::Access::inherit) +
               rule("/mnt", names::Access::none) + rule("/tmp", names::Access::private_tmpfs));
    ASSERT_NE(view, 0U);
    EXPECT_EQ(open("/new", Flags::write | Flags::create, view), Status::read_only);
    EXPECT_EQ(open("/file", Flags::write, view), Status::read_only);
    EXPECT_EQ(open("/file", Flags::read, view), Status::ok);
    EXPECT_EQ(open("/home/ann/new", Flags::write | Flags::create, view), Status::ok);
    EXPECT_EQ(inode("/mnt/inner", view), 0U);
    EXPECT_EQ(open("/tmp/private", Flags::write | Flags::create, view), Status::ok);
    EXPECT_EQ(inode("/tmp/private"), 0U);
    EXPECT_EQ(TestClient::status_of(call(view, fs::MakeNode{}, "/home")), Status::exists);
    EXPECT_EQ(TestClient::status_of(call(view, fs::MakeNode{}, "/new")), Status::read_only);
    EXPECT_EQ(TestClient::status_of(call(view, fs::Remove{}, "/file")), Status::read_only);
}

TEST_F(Names, SingleFilesCanBeMounted) {
    const auto view = derive(rule("/home/ann/notes", names::Access::read_only));
    ASSERT_NE(view, 0U);
    EXPECT_EQ(inode("/home/ann/notes", view), inode("/home/ann/notes"));
    EXPECT_EQ(inode("/home/ann/notes/x", view), 0U);
    EXPECT_EQ(latest_, Status::not_directory);
    EXPECT_EQ(open("/home/ann/notes", Flags::write, view), Status::read_only);
}

TEST_F(Names, IdentityIsTheViews) {
    root_.client.make_directory("secret", 0700);
    root_.client.make_file("secret/s", "");
    const auto view = derive(rule("/", names::Access::inherit), {.user = 7, .group = 7});
    ASSERT_NE(view, 0U);
    fs::GetPathAttributes get{.follow = 1, .identity = {.user = 0, .group = 0}};
    EXPECT_EQ(TestClient::status_of(call(view, get, "/secret/s")), Status::access_denied);
    EXPECT_EQ(TestClient::status_of(call(1, get, "/secret/s")), Status::ok);
    // Only a Manager gives identities.
    const auto other = derive(rule("/", names::Access::inherit), {.user = 0, .group = 0}, view);
    ASSERT_NE(other, 0U);
    EXPECT_EQ(TestClient::status_of(call(other, get, "/secret/s")), Status::access_denied);
    EXPECT_EQ(TestClient::status_of(call(view, names::Unmount{}, "/mnt")), Status::not_permitted);
}

TEST_F(Names, ViewsEndWithTheirLastCapability) {
    const auto view = derive(rule("/", names::Access::inherit));
    service_->on_drop(view);
    EXPECT_EQ(inode("/file", view), 0U);
    EXPECT_EQ(latest_, Status::bad_handle);
    EXPECT_EQ(derive(rule("/", names::Access::inherit)), view);
    service_->on_drop(1);  // the root view stays
    EXPECT_NE(inode("/file"), 0U);
}

TEST_F(Names, ListsMounts) {
    const auto view =
        derive(rule("/home", names::Access::read_only) + rule("/tmp", names::Access::inherit));
    const auto reply = call(view, names::ListMounts{});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->count, 3U);
    names::MountRule first;
    ASSERT_TRUE(ipc::read_payload(ipc::bytes(payload_), first));
    EXPECT_EQ(payload_.substr(sizeof first, first.path_length), "/home");
    EXPECT_EQ(first.access, names::Access::read_only);
}

TEST_F(Names, HostileMessages) {
    root_.client.symlink("../home/./ann/..", "ring");
    std::mt19937_64 random{5};
    const std::vector<std::string> pieces{
        "/", "..", ".", "home", "ann", "mnt", "ring", "x", std::string(1, '\0')};
    for (int i = 0; i < 20'000; ++i) {
        ipc::Words words;
        for (auto& word : words) {
            word = random() >> (random() % 64);
        }
        std::string payload;
        if (random() % 3 == 0) {
            payload.assign(random() % 100, '\0');
            std::ranges::generate(payload, [&] { return static_cast<char>(random() % 40); });
        }
        for (std::uint64_t n = random() % 12; n > 0; --n) {
            payload += pieces[random() % pieces.size()];
        }
        const auto label =
            static_cast<std::uint16_t>(random() % 2 == 0 ? random() % 13 : 64 + random() % 6);
        (void)exchange(1 + random() % 40, label, words, payload);
    }
    EXPECT_NE(inode("/"), 0U);
}

}  // namespace
