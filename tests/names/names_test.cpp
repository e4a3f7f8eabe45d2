// SPDX-License-Identifier: MIT
// Paths in views, and views made from views by mounts.
#include <random>

#include "tests/names/fixture.hpp"

namespace names_test {
namespace {

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

// An answer tells what it is true with, if one file system alone has given it.
TEST_F(Names, AnswersTellTheVersionOfTheNames) {
    fs::Versions root, other;
    root.names = 5;
    other.names = 7;
    root_.backend->set_versions(&root);
    other_.backend->set_versions(&other);
    const auto names = [&](std::string_view path) {
        const auto reply = call(1, fs::GetPathAttributes{}, path);
        return reply ? reply->names : 99;
    };
    EXPECT_EQ(names("/file"), 5U);
    EXPECT_EQ(names("/mnt/inner"), 7U);
    root_.client.symlink("home/ann", "near");
    root_.client.symlink("/mnt", "far");
    EXPECT_EQ(names("/near/notes"), 7U);  // two names more
    EXPECT_EQ(names("/far/inner"), 0U);
    EXPECT_EQ(names("/mnt/../file"), 0U);
    root_.backend->set_versions(nullptr);
    other_.backend->set_versions(nullptr);
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

TEST_F(Names, AFolderIsShownThatTheParentDoesNotSee) {
    const auto folder = [](std::string_view path, std::string_view source) {
        return rule(std::string{path} + '\0' + std::string{source}, names::Access::folder);
    };
    const auto view = derive(folder("/", "/home/ann") + rule("/tmp", names::Access::private_tmpfs));
    ASSERT_NE(view, 0U);
    EXPECT_EQ(inode("/notes", view), inode("/home/ann/notes"));
    EXPECT_EQ(inode("/home/ann/notes", view), 0U);
    EXPECT_EQ(inode("/../file", view), 0U);
    EXPECT_EQ(open("/notes", Flags::write, view), Status::read_only);
    EXPECT_EQ(open("/new", Flags::write | Flags::create, view), Status::read_only);
    const auto with_hidden = derive(folder("/", "/home") + rule("/ann", names::Access::none));
    EXPECT_EQ(inode("/ann/notes", with_hidden), 0U);
    EXPECT_EQ(derive(folder("/", "/file")), 0U);
    EXPECT_EQ(latest_, Status::not_directory);
    EXPECT_EQ(derive(folder("/", "/none")), 0U);
    EXPECT_EQ(latest_, Status::not_found);
    // Only who manages views can show what a view has not.
    EXPECT_EQ(derive(folder("/", "/"), {}, view), 0U);
    EXPECT_EQ(latest_, Status::not_permitted);
    for (const std::string& wrong :
         {folder("/", ""), folder("/", "home"), rule("/", names::Access::folder)}) {
        EXPECT_EQ(derive(wrong), 0U);
        EXPECT_EQ(latest_, Status::invalid);
    }
}

TEST_F(Names, SingleFilesCanBeMounted) {
    const auto view = derive(rule("/home/ann/notes", names::Access::read_only));
    ASSERT_NE(view, 0U);
    EXPECT_EQ(inode("/home/ann/notes", view), inode("/home/ann/notes"));
    EXPECT_EQ(inode("/home/ann/notes/x", view), 0U);
    EXPECT_EQ(latest_, Status::not_directory);
    EXPECT_EQ(open("/home/ann/notes", Flags::write, view), Status::read_only);
}

TEST_F(Names, WhatTheParentHasCanBeAtAnotherPath) {
    using names::Access;
    const auto moved = [](std::string_view path, std::string_view source, Access access) {
        return rule(std::string{path} + '\0' + std::string{source}, access);
    };
    const auto view = derive(moved("/data", "/home/ann", Access::inherit) +
                             moved("/ro", "/home/../mnt", Access::read_only));
    ASSERT_NE(view, 0U);
    EXPECT_EQ(inode("/data/notes", view), inode("/home/ann/notes"));
    EXPECT_EQ(inode("/home/ann/notes", view), 0U);
    EXPECT_EQ(inode("/data/../file", view), 0U);
    EXPECT_EQ(open("/data/new", Flags::write | Flags::create, view), Status::ok);
    EXPECT_NE(inode("/home/ann/new"), 0U);
    EXPECT_EQ(inode("/ro/inner", view), inode("/mnt/inner"));
    EXPECT_EQ(open("/ro/inner", Flags::write, view), Status::read_only);
    // With what is mounted below.
    const auto whole = derive(moved("/all", "/", Access::inherit));
    EXPECT_EQ(inode("/all/mnt/inner", whole), inode("/mnt/inner"));
    // What may not be changed there, may not be changed here.
    const auto fixed = derive(rule("/", Access::read_only));
    const auto of_fixed = derive(moved("/w", "/home", Access::inherit), {}, fixed);
    EXPECT_EQ(open("/w/ann/notes", Flags::write, of_fixed), Status::read_only);
    EXPECT_EQ(derive(moved("/d", "/none", Access::inherit)), 0U);
    EXPECT_EQ(latest_, Status::not_found);
    for (const std::string_view wrong :
         {std::string_view{""}, std::string_view{"home"}, std::string_view{"/home\0/x", 8}}) {
        EXPECT_EQ(derive(moved("/d", wrong, Access::inherit)), 0U);
        EXPECT_EQ(latest_, Status::invalid);
    }
}

TEST_F(Names, WhoIsConfinedByPathsCanMoveNothing) {
    using names::Access;
    const std::string volume = rule(std::string{"/data\0/home", 11}, Access::inherit);
    const auto hiding = derive(rule("/", Access::inherit) + rule("/home/ann", Access::none));
    ASSERT_NE(hiding, 0U);
    EXPECT_EQ(derive(volume, {}, hiding), 0U);
    EXPECT_EQ(latest_, Status::unsupported);
    // But into a view that will be confined, something can be.
    const auto named = derive(volume + rule("/file", Access::granted, names::Right::read));
    ASSERT_NE(named, 0U);
    EXPECT_EQ(inode("/data/ann/notes", named), inode("/home/ann/notes"));
    EXPECT_EQ(open("/data/ann/notes", Flags::write, named), Status::ok);
    EXPECT_EQ(open("/file", Flags::read, named), Status::ok);
    EXPECT_EQ(inode("/home/ann/notes", named), 0U);
    EXPECT_EQ(inode("/mnt/inner", named), 0U);
}

TEST_F(Names, AGivenDirectoryIsSeenWhereOneMayBeReplaced) {
    using names::Access;
    Local own;
    const auto given = vfs::make_file_system<LocalFileSystem>(own);
    const auto shown = vfs::make_file_system<LocalFileSystem>(other_);
    const auto parent_with = [&](const vfs::Mount& mount) {
        vfs::View parent;
        parent.mount({.path = "", .file_system = vfs::make_file_system<LocalFileSystem>(root_)});
        parent.mount(mount);
        return parent;
    };
    const auto child = [&](const vfs::View& parent, std::vector<vfs::Rule> more = {}) {
        std::vector<vfs::Rule> rules{{.path = "", .access = Access::inherit},
                                     {.path = "/mnt", .access = Access::given}};
        rules.insert(rules.end(), more.begin(), more.end());
        auto view = vfs::derive(parent, {.rules = rules, .given = given}, host_);
        EXPECT_TRUE(view);
        return std::move(*view);
    };
    const vfs::View parent =
        parent_with({.path = "/mnt", .file_system = shown, .replaceable = true});
    for (const std::vector<vfs::Rule>& more :
         {std::vector<vfs::Rule>{},
          std::vector<vfs::Rule>{{.path = "/file", .access = Access::granted, .rights = 1}}}) {
        const vfs::View view = child(parent, more);
        EXPECT_EQ(view.mounted_at("/mnt")->file_system, given);
        EXPECT_TRUE(view.mounted_at("/mnt")->read_only);
        // It may be replaced again in what is derived from it, or is inherited.
        EXPECT_TRUE(view.mounted_at("/mnt")->replaceable);
        const auto below =
            vfs::derive(view, {.rules = {{.path = "", .access = Access::inherit}}}, host_);
        ASSERT_TRUE(below);
        EXPECT_EQ(below->mounted_at("/mnt")->file_system, given);
    }
    const auto kept = vfs::derive(parent,
                                  {.rules = {{.path = "", .access = Access::inherit},
                                             {.path = "/mnt", .access = Access::kept}},
                                   .given = given},
                                  host_);
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->mounted_at("/mnt")->file_system, shown);
    const vfs::View fixed = child(parent_with({.path = "/mnt", .file_system = shown}));
    EXPECT_EQ(fixed.mounted_at("/mnt")->file_system, shown);
    EXPECT_EQ(child(parent_with({.path = "/tmp", .file_system = shown, .replaceable = true}))
                  .mounted_at("/mnt"),
              nullptr);
    EXPECT_FALSE(
        vfs::derive(parent, {.rules = {{.path = "/mnt", .access = Access::given}}}, host_));
    // Nobody but a Manager brings one along.
    EXPECT_EQ(derive(rule("/", Access::inherit) + rule("/mnt", Access::given)), 0U);
}

TEST_F(Names, WhatIsDoneThroughATracedViewIsKept) {
    vfs::View view;
    view.mount({.path = "", .file_system = vfs::make_file_system<LocalFileSystem>(root_)});
    view.uses = vfs::Shared<vfs::Uses>{new vfs::Uses};
    const auto go = [&](auto operation, std::string path) {
        return vfs::Resolver{view}
            .forward(operation, std::move(path), {},
                     [](auto&, const vfs::Location&) { return Status::ok; })
            .has_value();
    };
    EXPECT_TRUE(go(fs::GetPathAttributes{}, "/home/ann/notes"));
    EXPECT_TRUE(go(fs::Open{.flags = Flags::read}, "/home/../file"));
    EXPECT_TRUE(go(fs::Open{.flags = Flags::write}, "/file"));
    EXPECT_TRUE(go(fs::MakeNode{.mode = 0755}, "/tmp/new"));
    EXPECT_TRUE(go(fs::Remove{.directory = 1}, "/tmp/new"));
    EXPECT_FALSE(go(fs::Open{.flags = Flags::read}, "/none"));
    root_.client.symlink("/home/ann/notes", "tmp/link");
    EXPECT_TRUE(go(fs::Open{.flags = Flags::read}, "/tmp/link"));
    const std::map<std::string, std::uint8_t, std::less<>> wanted{
        {"/file", names::Right::read | names::Right::write},
        {"/home/ann/notes", names::Right::read},
        {"/tmp/link", names::Right::read},
        {"/tmp/new", names::Right::create | names::Right::write}};
    EXPECT_EQ(view.uses->paths(), wanted);
    EXPECT_FALSE(view.uses->incomplete());
    constexpr std::size_t many = 2000;
    for (std::size_t i = 0; i < many; ++i) {
        view.note("/x" + std::to_string(i), 0);
    }
    EXPECT_TRUE(view.uses->incomplete());
    EXPECT_GT(view.uses->paths().size(), 500U);
    EXPECT_LT(view.uses->paths().size(), many);
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
            static_cast<std::uint16_t>(random() % 2 == 0 ? random() % 13 : 64 + random() % 8);
        (void)exchange(1 + random() % 40, label, words, payload);
    }
    EXPECT_NE(inode("/"), 0U);
}

}  // namespace
}  // namespace names_test
