// SPDX-License-Identifier: MIT
// Views that are confined to granted names.
#include "tests/names/fixture.hpp"

namespace names_test {
namespace {

using Right = names::Right;

TEST_F(Names, AGrantedNameIsAllThereIs) {
    root_.client.make_file("home/ann/other", "not granted");
    root_.client.make_directory("home/ann/d");
    root_.client.make_file("home/ann/d/in", "");
    const auto view = derive(granted("/home/ann/notes", Right::read) +
                             granted("/home/ann/../ann/./d/", Right::read));
    ASSERT_NE(view, 0U);
    EXPECT_EQ(open("/home/ann/notes", Flags::read, view), Status::ok);
    EXPECT_EQ(open("/home/ann/../ann/notes", Flags::read, view), Status::ok);
    EXPECT_EQ(open("/home/ann/d/in", Flags::read, view), Status::ok);
    EXPECT_EQ(open("/home/ann/d/in", Flags::write, view), Status::read_only);
    EXPECT_EQ(open("/home/ann/notes", Flags::write | Flags::create, view), Status::read_only);
    EXPECT_EQ(open("/home/ann/other", Flags::read, view), Status::not_found);
    EXPECT_EQ(open("/home/ann/d/../other", Flags::read, view), Status::not_found);
    EXPECT_EQ(open("/home/ann/notesx", Flags::read, view), Status::not_found);
    EXPECT_EQ(open("/home/ann/new", Flags::write | Flags::create, view), Status::access_denied);
    EXPECT_EQ(open("/file", Flags::read, view), Status::not_found);
    EXPECT_EQ(open("/mnt/inner", Flags::read, view), Status::not_found);
    EXPECT_EQ(inode("/mnt", view), 0U);
    // What is on the way can be looked at, and no more.
    for (const char* path : {"/", "/home", "/home/ann"}) {
        EXPECT_EQ(inode(path, view), inode(path)) << path;
        EXPECT_EQ(open(path, Flags::read | Flags::directory, view), Status::access_denied) << path;
        EXPECT_EQ(open(path, Flags::path_only, view), Status::ok) << path;
    }
    const auto check = [&](std::string_view path, std::uint32_t mode) {
        return TestClient::status_of(call(view, fs::CheckAccess{.mode = mode}, path));
    };
    EXPECT_EQ(check("/home/ann/notes", 4), Status::ok);
    EXPECT_EQ(check("/home/ann/notes", 2), Status::read_only);
    EXPECT_EQ(check("/home/ann", 1), Status::ok);
    EXPECT_EQ(check("/home/ann", 4), Status::access_denied);
    EXPECT_EQ(check("/home/ann/other", 0), Status::not_found);
    EXPECT_EQ(TestClient::status_of(call(view, fs::Remove{}, "/home/ann/notes")),
              Status::read_only);
    EXPECT_EQ(TestClient::status_of(call(view, fs::Remove{}, "/home/ann/other")),
              Status::not_found);
}

TEST_F(Names, NothingNamedIsNothingSeen) {
    const auto view = derive(granted("/home/ann", 0));
    EXPECT_NE(inode("/home/ann", view), 0U);
    EXPECT_EQ(inode("/home/ann/notes", view), 0U);
    EXPECT_EQ(open("/home/ann", Flags::read | Flags::directory, view), Status::access_denied);
    for (const char* nowhere : {"", "relative", "/none/x/y", "/file/x"}) {
        EXPECT_NE(derive(granted(nowhere, Right::all)), 0U) << nowhere;
    }
}

TEST_F(Names, GrantedRightsAreApart) {
    auto& c = root_.client;
    const auto make = [&](std::uint64_t view, std::string_view path) {
        return TestClient::status_of(call(view, fs::MakeNode{.mode = 0755}, path));
    };
    const auto remove = [&](std::uint64_t view, std::string_view path, bool directory) {
        return TestClient::status_of(
            call(view, fs::Remove{.directory = directory ? 1U : 0U}, path));
    };
    const auto creator =
        derive(granted("/a/b/new", Right::create) + granted("/home/ann/notes", Right::create));
    EXPECT_EQ(open("/a/b/new", Flags::write | Flags::create, creator), Status::not_found);
    EXPECT_EQ(make(creator, "/x"), Status::access_denied);
    EXPECT_EQ(make(creator, "/home"), Status::exists);
    EXPECT_EQ(make(creator, "/a"), Status::ok);
    EXPECT_EQ(make(creator, "/a/c"), Status::access_denied);
    EXPECT_EQ(make(creator, "/a/b"), Status::ok);
    EXPECT_EQ(open("/a/b/other", Flags::write | Flags::create, creator), Status::access_denied);
    EXPECT_EQ(open("/a/b/new", Flags::write | Flags::create, creator), Status::ok);
    EXPECT_EQ(open("/a/b/new", Flags::write | Flags::create, creator), Status::read_only);
    EXPECT_EQ(open("/home/ann/notes", Flags::write | Flags::create | Flags::truncate, creator),
              Status::read_only);
    EXPECT_EQ(open("/home/ann/notes", Flags::read, creator), Status::access_denied);
    EXPECT_EQ(remove(creator, "/a/b/new", false), Status::read_only);
    EXPECT_EQ(c.stat("home/ann/notes").size, 11U);

    const auto writer =
        derive(granted("/a/b/new", Right::write) + granted("/a/b/absent", Right::write));
    EXPECT_EQ(open("/a/b/new", Flags::write | Flags::create, writer), Status::ok);
    EXPECT_EQ(open("/a/b/absent", Flags::write | Flags::create, writer), Status::read_only);
    EXPECT_EQ(open("/a/b/new", Flags::read, writer), Status::access_denied);
    EXPECT_EQ(remove(writer, "/a/b", true), Status::not_empty);
    EXPECT_EQ(remove(writer, "/a/b/new", false), Status::ok);
    EXPECT_EQ(remove(writer, "/a/b", true), Status::ok);
    EXPECT_EQ(remove(writer, "/home", true), Status::not_found);
}

TEST_F(Names, GrantsBesideAName) {
    root_.client.make_directory("home/ann/d");
    root_.client.make_file("home/ann/d/in", "");
    root_.client.make_file("home/ann/old", "");
    const auto view = derive(granted("/home/ann/notes", Right::read, Right::create));
    EXPECT_EQ(open("/home/ann/notes.gz", Flags::write | Flags::create, view), Status::ok);
    EXPECT_EQ(open("/home/ann/new", Flags::read | Flags::write | Flags::create, view), Status::ok);
    EXPECT_EQ(open("/home/ann/new", Flags::read | Flags::write | Flags::create, view),
              Status::read_only);
    EXPECT_EQ(open("/home/ann/old", Flags::write | Flags::create, view), Status::read_only);
    EXPECT_EQ(open("/home/ann/old", Flags::read, view), Status::access_denied);
    EXPECT_EQ(open("/home/ann/d/in", Flags::read, view), Status::not_found);
    EXPECT_EQ(open("/home/ann/d/new", Flags::write | Flags::create, view), Status::access_denied);
    EXPECT_EQ(open("/home/ann", Flags::read | Flags::directory, view), Status::access_denied);
}

TEST_F(Names, RenamingNeedsBothNames) {
    root_.client.make_file("home/ann/old", "old");
    const auto rename = [&](std::uint64_t view, std::string_view from, std::string_view to) {
        return TestClient::status_of(
            call(view, fs::Rename{.first_length = static_cast<std::uint32_t>(from.size())},
                 std::string{from} + std::string{to}));
    };
    const auto link = [&](std::uint64_t view, std::string_view from, std::string_view to) {
        return TestClient::status_of(
            call(view, fs::Link{.first_length = static_cast<std::uint32_t>(from.size())},
                 std::string{from} + std::string{to}));
    };
    const auto reader = derive(granted("/home/ann/notes", Right::read, Right::create));
    EXPECT_EQ(rename(reader, "/home/ann/notes", "/home/ann/new"), Status::read_only);
    EXPECT_EQ(link(reader, "/home/ann/notes", "/home/ann/new"), Status::read_only);
    const auto beside = derive(granted("/home/ann/notes", Right::write, Right::create));
    EXPECT_EQ(rename(beside, "/home/ann/notes", "/home/ann/old"), Status::read_only);
    EXPECT_EQ(rename(beside, "/home/ann/old", "/home/ann/new"), Status::read_only);
    EXPECT_EQ(rename(beside, "/home/ann/notes", "/file2"), Status::access_denied);
    EXPECT_EQ(link(beside, "/home/ann/notes", "/home/ann/new"), Status::ok);
    EXPECT_EQ(rename(beside, "/home/ann/notes", "/home/ann/newer"), Status::ok);
    const auto both =
        derive(granted("/home/ann/old", Right::all) + granted("/home/ann/new", Right::all));
    EXPECT_EQ(rename(both, "/home/ann/old", "/home/ann/new"), Status::ok);
    EXPECT_EQ(rename(both, "/home/ann/new", "/home/ann/third"), Status::access_denied);
}

// The link is granted, and where it led when it was named; not where it leads later.
TEST_F(Names, LinksAreFollowedWhenTheyAreNamed) {
    auto& c = root_.client;
    c.make_file("home/ann/secret", "");
    c.make_directory("home/ann/d");
    c.make_file("home/ann/d/f", "");
    c.symlink("notes", "home/ann/link");
    c.symlink("d", "home/ann/to-d");
    c.symlink("/home/ann/secret", "home/ann/d/out");
    const auto view = derive(granted("/home/ann/link", Right::read | Right::write) +
                             granted("/home/ann/to-d/f", Right::read) +
                             granted("/home/ann/to-d/../d/out", Right::write));
    EXPECT_EQ(inode("/home/ann/link", view), inode("/home/ann/notes"));
    EXPECT_EQ(open("/home/ann/link", Flags::read, view), Status::ok);
    EXPECT_EQ(open("/home/ann/to-d/f", Flags::read, view), Status::ok);
    EXPECT_EQ(open("/home/ann/d/f", Flags::read, view), Status::ok);
    EXPECT_EQ(open("/home/ann/to-d/../d/out", Flags::write, view), Status::ok);
    EXPECT_TRUE(call(view, fs::ReadSymbolicLink{}, "/home/ann/to-d"));
    EXPECT_EQ(open("/home/ann/to-d/out", Flags::read, view), Status::not_found);
    const auto all_of_d = derive(granted("/home/ann/d", Right::all));
    EXPECT_EQ(open("/home/ann/d/out", Flags::read, all_of_d), Status::not_found);
    EXPECT_NE(inode("/home/ann/d/out", all_of_d, false), 0U);

    c.make_file("home/ann/third", "");
    ASSERT_TRUE(call(1, fs::Remove{}, "/home/ann/link"));
    c.symlink("third", "home/ann/link");
    EXPECT_EQ(open("/home/ann/link", Flags::read, view), Status::not_found);
    ASSERT_TRUE(call(1, fs::Remove{}, "/home/ann/notes"));
    c.symlink("/home/ann/third", "home/ann/notes");
    EXPECT_EQ(open("/home/ann/notes", Flags::read, view), Status::not_found);
    // A directory on the way that becomes a link.
    ASSERT_TRUE(call(1, fs::Remove{}, "/home/ann/d/f"));
    ASSERT_TRUE(call(1, fs::Remove{}, "/home/ann/d/out"));
    ASSERT_TRUE(call(1, fs::Remove{.directory = 1}, "/home/ann/d"));
    c.make_directory("e");
    c.make_file("e/f", "");
    c.symlink("/e", "home/ann/d");
    EXPECT_EQ(open("/home/ann/d/f", Flags::read, view), Status::not_found);
}

TEST_F(Names, MountsGoBeforeTheNamesAboveThem) {
    root_.client.make_directory("home/ann/hidden");
    root_.client.make_file("home/ann/hidden/h", "");
    root_.client.make_file("tmp/t", "");
    const auto view = derive(
        rule("/home/ann/hidden", names::Access::none) + rule("/mnt", names::Access::read_only) +
        rule("/tmp", names::Access::private_tmpfs) + granted("/home", Right::all) +
        granted("/", Right::read) + granted("/mnt/dir", Right::all));
    EXPECT_EQ(open("/home/ann/notes", Flags::write, view), Status::ok);
    EXPECT_EQ(open("/file", Flags::read, view), Status::ok);
    EXPECT_EQ(open("/file", Flags::write, view), Status::read_only);
    EXPECT_EQ(inode("/home/ann/hidden", view), 0U);
    EXPECT_EQ(inode("/home/ann/hidden/h", view), 0U);
    EXPECT_EQ(open("/mnt/inner", Flags::read, view), Status::ok);
    EXPECT_EQ(open("/mnt/new", Flags::write | Flags::create, view), Status::read_only);
    EXPECT_EQ(open("/mnt/dir/new", Flags::write | Flags::create, view), Status::ok);
    EXPECT_EQ(inode("/tmp/t", view), 0U);
    EXPECT_EQ(open("/tmp/mine", Flags::write | Flags::create, view), Status::ok);
    EXPECT_EQ(inode("/tmp/mine"), 0U);
    // What was named exactly comes after what the mount above it hides.
    const auto named = derive(rule("/home/ann/hidden", names::Access::none) +
                              granted("/home/ann/hidden/h", Right::read));
    EXPECT_EQ(open("/home/ann/hidden/h", Flags::read, named), Status::ok);
    // A mount that hides is that also where no name is granted.
    const auto unnamed =
        derive(rule("/", names::Access::inherit) + rule("/home/ann/hidden", names::Access::none));
    EXPECT_EQ(inode("/home/ann/hidden/h", unnamed), 0U);
    EXPECT_EQ(open("/home/ann/notes", Flags::write, unnamed), Status::ok);
}

TEST_F(Names, WhoIsConfinedConfinesItsChildren) {
    const auto view = derive(granted("/home/ann/notes", Right::read));
    for (const auto& rules :
         {rule("/", names::Access::inherit), granted("/", Right::all),
          granted("/home/ann/notes", Right::all), granted("/home", Right::all)}) {
        const auto child = derive(rules, {}, view);
        ASSERT_NE(child, 0U);
        EXPECT_EQ(open("/home/ann/notes", Flags::read, child), Status::ok);
        EXPECT_EQ(open("/home/ann/notes", Flags::write, child), Status::read_only);
        EXPECT_EQ(open("/file", Flags::read, child), Status::not_found);
        EXPECT_EQ(open("/home/ann", Flags::read | Flags::directory, child), Status::access_denied);
        service_->on_drop(child);
    }
    const auto blind = derive(granted("/file", Right::all), {}, view);
    EXPECT_EQ(inode("/file", blind), 0U);
    auto deep = view;
    for (int i = 0; i < 7; ++i) {
        deep = derive(rule("/", names::Access::inherit), {}, deep);
        ASSERT_NE(deep, 0U);
    }
    EXPECT_EQ(open("/home/ann/notes", Flags::read, deep), Status::ok);
    EXPECT_EQ(derive(rule("/", names::Access::inherit), {}, deep), 0U);
    EXPECT_EQ(latest_, Status::limit);
}

TEST_F(Names, EntrancesToGrantedNames) {
    root_.client.make_directory("home/ann/d");
    root_.client.make_file("home/ann/d/f", "");
    const auto enter = [&](std::uint64_t view, std::string_view path) {
        payload_.clear();
        return TestClient::status_of(call(view, names::Enter{}, path));
    };
    const auto view =
        derive(granted("/home/ann/d", Right::read) + granted("/home/ann/notes", Right::all) +
               granted("/file", Right::write));
    EXPECT_EQ(enter(view, "/home/ann/d/f"), Status::ok);
    EXPECT_EQ(payload_, (std::string{"/home/ann/d\0", 12}));
    auto& c = root_.client;
    const std::uint64_t entrance = root_.host.minted;
    EXPECT_TRUE(c.call(entrance, fs::Open{.flags = Flags::read}, "f"));
    EXPECT_EQ(TestClient::status_of(c.call(entrance, fs::Remove{}, "f")), Status::read_only);
    EXPECT_EQ(enter(view, "/home/ann/notes"), Status::ok);
    EXPECT_EQ(payload_, (std::string{"/home/ann/notes\0", 16}));
    EXPECT_EQ(enter(view, "/file"), Status::unsupported);
    EXPECT_EQ(enter(view, "/home/ann"), Status::unsupported);
    EXPECT_EQ(enter(view, "/home/ann/x"), Status::not_found);
    // Where something below has other rights, only the view knows.
    const auto mixed =
        derive(granted("/home", Right::read) + granted("/home/ann/notes", Right::write));
    EXPECT_EQ(enter(mixed, "/home/ann/d/f"), Status::unsupported);
    const auto beside =
        derive(granted("/home/ann", Right::read) + granted("/home/ann/x", 0, Right::create));
    EXPECT_EQ(enter(beside, "/home/ann/d/f"), Status::unsupported);
    const auto hidden =
        derive(rule("/", names::Access::inherit) + rule("/home/ann/d", names::Access::none));
    EXPECT_EQ(enter(hidden, "/home/ann/notes"), Status::unsupported);
}

// More than the server keeps: in memory of whoever pays, and gone with it.
TEST_F(Names, VeryManyNames) {
    std::string rules;
    const auto name = [](int i) { return "/home/ann/file" + std::to_string(i); };
    std::uint64_t view = 0;
    for (int i = 0; i < 5000; ++i) {
        const std::string one = granted(name(i), Right::all);
        if (rules.size() + one.size() > names::Grant::payload) {
            if (view == 0) {
                ASSERT_TRUE(call(1, names::Derive{.names = 5000, .more = 1}, rules));
                view = host_.minted;
                EXPECT_GT(host_.names_held, 0U);
            } else {
                ASSERT_TRUE(call(view, names::Grant{.more = 1}, rules));
            }
            rules.clear();
        }
        rules += one;
    }
    EXPECT_EQ(open(name(4999), Flags::write | Flags::create, view), Status::access_denied);
    EXPECT_EQ(TestClient::status_of(
                  call(view, names::Grant{.more = 1}, rule("/", names::Access::inherit))),
              Status::invalid);
    ASSERT_TRUE(call(view, names::Grant{}, rules));
    EXPECT_EQ(TestClient::status_of(call(view, names::Grant{}, rules)), Status::not_permitted);
    for (int i = 0; i < 5000; i += 7) {
        EXPECT_EQ(open(name(i), Flags::write | Flags::create, view), Status::ok);
    }
    EXPECT_EQ(open(name(4999), Flags::write | Flags::create, view), Status::ok);
    EXPECT_EQ(open(name(5001), Flags::write | Flags::create, view), Status::access_denied);
    EXPECT_LT(host_.names_held, std::size_t{512 * 1024});
    ArrayNames::gone = true;
    EXPECT_EQ(open(name(1), Flags::read, view), Status::not_found);
    ArrayNames::gone = false;
    service_->on_drop(view);
    EXPECT_EQ(host_.names_held, 0U);
}

}  // namespace
}  // namespace names_test
