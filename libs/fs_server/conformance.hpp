// SPDX-License-Identifier: MIT
// What every file system must do, whatever its back end: typed tests, which each back end's own test
// instantiates with a fixture that has `TestClient& client()`.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "libs/fs_server/test_client.hpp"

namespace fs_server::testing {

template <class Fixture>
class Conformance : public Fixture {};
TYPED_TEST_SUITE_P(Conformance);

using Flags = fs::OpenFlags;
using fs::Kind;

TYPED_TEST_P(Conformance, WritesAndReads) {
    auto& c = this->client();
    const std::string text(10'000, 'x');
    EXPECT_EQ(c.make_file("a", "hello " + text), Status::ok);
    EXPECT_EQ(c.contents("a"), "hello " + text);
    const auto file = c.open("a", Flags::read | Flags::write);
    ASSERT_NE(file, 0U);
    EXPECT_EQ(c.write(file, "HE", 0), Status::ok);
    EXPECT_EQ(c.write(file, "end", 20'000), Status::ok);
    const std::string all = c.read_all(file);
    EXPECT_EQ(all.size(), 20'003U);
    EXPECT_EQ(all.substr(0, 6), "HEllo ");
    EXPECT_EQ(all[15'000], '\0');
    EXPECT_EQ(all.substr(20'000), "end");
    EXPECT_EQ(c.stat("a").size, 20'003U);
    EXPECT_EQ(c.stat("a").mode, 0644U);
    c.close(file);
}

TYPED_TEST_P(Conformance, TruncatesAndGrowsWithZeros) {
    auto& c = this->client();
    EXPECT_EQ(c.make_file("a", std::string(9'000, 'x')), Status::ok);
    const auto file = c.open("a", Flags::read | Flags::write);
    EXPECT_TRUE(c.call(file, fs::Truncate{.size = 5'000}));
    EXPECT_TRUE(c.call(file, fs::Truncate{.size = 8'000}));
    EXPECT_EQ(c.read_all(file), std::string(5'000, 'x') + std::string(3'000, '\0'));
    c.close(file);
    EXPECT_NE(c.open("a", Flags::write | Flags::truncate), 0U);
    EXPECT_EQ(c.stat("a").size, 0U);
}

// What is written through a mapping is told of, where the back end takes that at all.
TYPED_TEST_P(Conformance, AnnouncedWritesNeedReadingAndWriting) {
    auto& c = this->client();
    EXPECT_EQ(c.make_file("a", "text"), Status::ok);
    const auto file = c.open("a", Flags::read | Flags::write);
    const auto mapped = c.call(file, fs::Map{.write = fs::Map::announced});
    c.host().seconds += 100;
    const auto told = c.call(file, fs::Written{});
    EXPECT_EQ(TestClient::status_of(mapped), TestClient::status_of(told));
    if (mapped) {
        EXPECT_EQ(c.stat("a").modified.seconds, c.host().now().seconds);
        EXPECT_EQ(c.stat("a").size, 4U);
    } else {
        EXPECT_EQ(mapped.error(), Status::unsupported);
    }
    c.close(file);
    const auto written = c.open("a", Flags::write);
    EXPECT_EQ(TestClient::status_of(c.call(written, fs::Map{.write = fs::Map::announced})),
              Status::bad_handle);
    c.close(written);
    const auto read = c.open("a", Flags::read);
    EXPECT_EQ(TestClient::status_of(c.call(read, fs::Map{.write = fs::Map::announced})),
              Status::bad_handle);
    EXPECT_EQ(TestClient::status_of(c.call(read, fs::Written{})), Status::bad_handle);
    c.close(read);
}

TYPED_TEST_P(Conformance, OffsetsAndAppending) {
    auto& c = this->client();
    const auto file = c.open("log", Flags::write | Flags::create | Flags::append);
    EXPECT_EQ(c.write(file, "one "), Status::ok);
    EXPECT_TRUE(c.call(file, fs::Seek{.offset = 0, .whence = fs::Seek::from_start}));
    EXPECT_EQ(c.write(file, "two "), Status::ok);
    EXPECT_TRUE(c.call(file, fs::SetStatusFlags{.mask = Flags::append, .value = 0}));
    EXPECT_TRUE(c.call(file, fs::Seek{.offset = 0, .whence = fs::Seek::from_start}));
    EXPECT_EQ(c.write(file, "ONE"), Status::ok);
    EXPECT_EQ(c.contents("log"), "ONE two ");
    const auto end = c.call(file, fs::Seek{.offset = -2, .whence = fs::Seek::from_end});
    ASSERT_TRUE(end);
    EXPECT_EQ(end->offset, 6U);
    EXPECT_FALSE(c.call(file, fs::Seek{.offset = -9, .whence = fs::Seek::from_end}));
    EXPECT_FALSE(c.call(file, fs::Read{.length = 1}));  // not open for reading
}

TYPED_TEST_P(Conformance, OpenFlags) {
    auto& c = this->client();
    EXPECT_EQ(c.make_directory("d"), Status::ok);
    EXPECT_EQ(c.make_file("f", "x"), Status::ok);
    EXPECT_EQ(c.open("f", Flags::write | Flags::create | Flags::exclusive), 0U);
    EXPECT_EQ(c.latest, Status::exists);
    EXPECT_EQ(c.open("no", Flags::read), 0U);
    EXPECT_EQ(c.latest, Status::not_found);
    EXPECT_EQ(c.open("d", Flags::write), 0U);
    EXPECT_EQ(c.latest, Status::is_directory);
    EXPECT_EQ(c.open("f", Flags::read | Flags::directory), 0U);
    EXPECT_EQ(c.latest, Status::not_directory);
    EXPECT_EQ(c.open("f/x", Flags::read), 0U);
    EXPECT_EQ(c.latest, Status::not_directory);
    EXPECT_EQ(c.open("f", Flags::write | Flags::read_only_view), 0U);
    EXPECT_EQ(c.latest, Status::read_only);
    EXPECT_EQ(c.open("f", Flags::execute), 0U);
    EXPECT_EQ(c.latest, Status::access_denied);
    for (const char* bad : {"a//b", "a/", "/a", ".", "..", "d/..", "d/./f"}) {
        EXPECT_EQ(c.open(bad, Flags::read), 0U) << bad;
    }
    EXPECT_EQ(c.open(std::string(256, 'n'), Flags::write | Flags::create), 0U);
    EXPECT_EQ(c.latest, Status::name_too_long);
    EXPECT_EQ(c.make_file(std::string(255, 'n'), "long"), Status::ok);
    EXPECT_EQ(c.contents(std::string(255, 'n')), "long");
}

TYPED_TEST_P(Conformance, LinksAndUnlinkedFiles) {
    auto& c = this->client();
    EXPECT_EQ(c.make_file("a", "data"), Status::ok);
    EXPECT_EQ(c.link("a", "b"), Status::ok);
    EXPECT_EQ(c.stat("a").links, 2U);
    EXPECT_EQ(c.stat("a").inode, c.stat("b").inode);
    EXPECT_EQ(c.link("a", "b"), Status::exists);
    EXPECT_EQ(c.remove("a"), Status::ok);
    EXPECT_EQ(c.contents("b"), "data");
    const auto file = c.open("b", Flags::read | Flags::write);
    EXPECT_EQ(c.remove("b"), Status::ok);
    EXPECT_EQ(c.write(file, "more", 4), Status::ok);
    EXPECT_EQ(c.read_all(file), "datamore");
    EXPECT_EQ(c.open("b", Flags::read), 0U);
    c.close(file);
    EXPECT_EQ(c.make_file("b", ""), Status::ok);
}

TYPED_TEST_P(Conformance, Directories) {
    auto& c = this->client();
    EXPECT_EQ(c.make_directory("d"), Status::ok);
    EXPECT_EQ(c.make_directory("d"), Status::exists);
    EXPECT_EQ(c.make_directory("no/d"), Status::not_found);
    EXPECT_EQ(c.make_directory("d/e"), Status::ok);
    EXPECT_EQ(c.stat("d").links, 3U);
    EXPECT_EQ(c.make_file("d/f", "x"), Status::ok);
    EXPECT_EQ(c.remove("d", true), Status::not_empty);
    EXPECT_EQ(c.remove("d"), Status::is_directory);
    EXPECT_EQ(c.remove("d/f", true), Status::not_directory);
    EXPECT_EQ(c.remove("d/e", true), Status::ok);
    EXPECT_EQ(c.stat("d").links, 2U);
    EXPECT_EQ(c.remove("d/f"), Status::ok);
    EXPECT_EQ(c.remove("d", true), Status::ok);
    EXPECT_EQ(c.remove("", true), Status::busy);
    EXPECT_EQ(c.stat("d").kind, Kind::none);
}

TYPED_TEST_P(Conformance, ListsAllEntriesOnceWhileSomeAreRemoved) {
    auto& c = this->client();
    EXPECT_EQ(c.make_directory("d"), Status::ok);
    std::set<std::string> expected{".", ".."};
    for (int i = 0; i < 300; ++i) {
        const std::string name = "entry-" + std::to_string(i) + std::string(i % 40, 'z');
        ASSERT_EQ(c.make_file("d/" + name, ""), Status::ok);
        expected.insert(name);
    }
    auto names = c.list("d", 512);
    EXPECT_EQ(names.size(), expected.size());
    EXPECT_EQ((std::set<std::string>{names.begin(), names.end()}), expected);
    const auto file = c.open("d", Flags::read);
    std::set<std::string> seen;
    while (c.call(file, fs::ReadDirectory{.length = 600}) && !c.payload.empty()) {
        const std::string records = c.payload;
        for (std::size_t at = 0; at < records.size();) {
            fs::DirectoryEntry entry;
            std::memcpy(&entry, records.data() + at, sizeof entry);
            const std::string name = records.substr(at + sizeof entry, entry.name_length);
            EXPECT_TRUE(seen.insert(name).second) << name;
            if (name[0] != '.') {
                EXPECT_EQ(c.remove("d/" + name), Status::ok);
            }
            at += entry.record_length;
        }
    }
    EXPECT_EQ(seen, expected);
    EXPECT_EQ(c.list("d").size(), 2U);
    c.close(file);
}

TYPED_TEST_P(Conformance, SymbolicLinksRedirect) {
    auto& c = this->client();
    EXPECT_EQ(c.make_directory("d"), Status::ok);
    EXPECT_EQ(c.symlink("../x/y", "d/rel"), Status::ok);
    EXPECT_EQ(c.symlink("/etc", "d/abs"), Status::ok);
    const std::string far(200, 'q');
    EXPECT_EQ(c.symlink(far, "far"), Status::ok);
    auto reply = c.on_path(fs::GetPathAttributes{.follow = 1}, "d/rel");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->redirected, fs::Redirected::from_mount_root);
    EXPECT_EQ(c.payload, "d/../x/y");
    reply = c.on_path(fs::GetPathAttributes{.follow = 0}, "d/abs/passwd");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->redirected, fs::Redirected::from_view_root);
    EXPECT_EQ(c.payload, "/etc/passwd");
    EXPECT_EQ(c.stat("d/rel").kind, Kind::symbolic_link);
    EXPECT_EQ(c.stat("d/rel").size, 6U);
    ASSERT_TRUE(c.on_path(fs::ReadSymbolicLink{}, "far"));
    EXPECT_EQ(c.payload, far);
    EXPECT_EQ(c.open("d/rel", Flags::read | Flags::no_follow), 0U);
    EXPECT_EQ(c.latest, Status::too_many_links);
    EXPECT_EQ(c.remove("d/rel"), Status::ok);
    EXPECT_EQ(c.symlink("", "e"), Status::not_found);
}

TYPED_TEST_P(Conformance, Renames) {
    auto& c = this->client();
    EXPECT_EQ(c.make_directory("d"), Status::ok);
    EXPECT_EQ(c.make_directory("d/sub"), Status::ok);
    EXPECT_EQ(c.make_directory("e"), Status::ok);
    EXPECT_EQ(c.make_file("a", "a"), Status::ok);
    EXPECT_EQ(c.make_file("b", "b"), Status::ok);
    EXPECT_EQ(c.rename("a", "b", fs::Rename::no_replace), Status::exists);
    EXPECT_EQ(c.rename("a", "b"), Status::ok);
    EXPECT_EQ(c.contents("b"), "a");
    EXPECT_EQ(c.rename("a", "z"), Status::not_found);
    EXPECT_EQ(c.rename("b", "d"), Status::is_directory);
    EXPECT_EQ(c.rename("d", "b"), Status::not_directory);
    EXPECT_EQ(c.rename("d", "d/sub/d"), Status::invalid);
    EXPECT_EQ(c.rename("e", "d"), Status::not_empty);
    EXPECT_EQ(c.rename("d", "e"), Status::ok);
    EXPECT_EQ(c.stat("e/sub").kind, Kind::directory);
    EXPECT_EQ(c.rename("e/sub", "top"), Status::ok);
    EXPECT_EQ(c.stat("e").links, 2U);
    EXPECT_EQ(c.rename("top", "e/sub2"), Status::ok);
    EXPECT_EQ(c.stat("e").links, 3U);
    EXPECT_EQ(c.link("b", "b2"), Status::ok);
    EXPECT_EQ(c.rename("b", "b2"), Status::ok);  // one file: both names stay
    EXPECT_EQ(c.contents("b"), "a");
    const auto held = c.open("b2", Flags::read);
    EXPECT_EQ(c.remove("b"), Status::ok);
    EXPECT_EQ(c.make_file("new", "n"), Status::ok);
    EXPECT_EQ(c.rename("new", "b2"), Status::ok);
    EXPECT_EQ(c.read_all(held), "a");
    EXPECT_EQ(c.contents("b2"), "n");
    c.close(held);
}

TYPED_TEST_P(Conformance, Permissions) {
    auto& c = this->client();
    EXPECT_EQ(c.make_directory("tmp", 01777), Status::ok);
    EXPECT_EQ(c.make_directory("home", 0755), Status::ok);
    EXPECT_EQ(c.make_directory("secret", 0700), Status::ok);
    EXPECT_EQ(c.make_file("secret/s", "s"), Status::ok);
    EXPECT_EQ(c.make_file("ro", "r", 0644), Status::ok);
    c.identity = {.user = 1000, .group = 1000};
    EXPECT_EQ(c.make_file("home/x", ""), Status::access_denied);
    EXPECT_EQ(c.open("secret/s", Flags::read), 0U);
    EXPECT_EQ(c.latest, Status::access_denied);
    EXPECT_EQ(c.open("ro", Flags::write), 0U);
    EXPECT_EQ(c.latest, Status::access_denied);
    EXPECT_EQ(c.make_file("tmp/mine", "m", 0600), Status::ok);
    EXPECT_EQ(c.stat("tmp/mine").user, 1000U);
    const auto mine = c.open("tmp/mine", Flags::read);
    c.identity = {.user = 1001, .group = 1001};
    EXPECT_EQ(c.remove("tmp/mine"), Status::access_denied);
    EXPECT_EQ(c.rename("tmp/mine", "tmp/other"), Status::access_denied);
    EXPECT_EQ(c.contents("tmp/mine"), "?");
    fs::Attributes values{.mode = 0666};
    const auto change = [&](std::uint32_t which, std::string_view path) {
        std::string payload{reinterpret_cast<const char*>(&values), sizeof values};
        return TestClient::status_of(
            c.on_path(fs::SetAttributes{.which = which}, payload + std::string{path}));
    };
    EXPECT_EQ(change(fs::SetAttributes::mode, "tmp/mine"), Status::not_permitted);
    c.identity = {.user = 1000, .group = 1000};
    EXPECT_EQ(change(fs::SetAttributes::mode, "tmp/mine"), Status::ok);
    EXPECT_EQ(c.stat("tmp/mine").mode, 0666U);
    EXPECT_EQ(change(fs::SetAttributes::user, "tmp/mine"), Status::not_permitted);
    c.identity = {.user = 1001, .group = 1001};
    EXPECT_EQ(c.contents("tmp/mine"), "m");
    // A file that is open stays as it was opened.
    EXPECT_EQ(c.read_all(mine), "m");
    c.close(mine);
}

TYPED_TEST_P(Conformance, Locks) {
    auto& c = this->client();
    EXPECT_EQ(c.make_file("f", "0123456789"), Status::ok);
    const auto one = c.open("f", Flags::read | Flags::write);
    const auto two = c.open("f", Flags::read | Flags::write);
    const auto lock = [&](std::uint64_t file, std::uint64_t owner, std::uint32_t kind,
                          std::uint64_t start, std::uint64_t length) {
        return TestClient::status_of(
            c.call(file, fs::Lock{.start = start, .length = length, .kind = kind, .owner = owner}));
    };
    EXPECT_EQ(lock(one, 7, fs::Lock::exclusive, 0, 10), Status::ok);
    EXPECT_EQ(lock(two, 8, fs::Lock::shared, 5, 1), Status::would_block);
    EXPECT_EQ(lock(two, 7, fs::Lock::exclusive, 5, 1), Status::ok);  // the same owner
    EXPECT_EQ(lock(one, 7, fs::Lock::unlock, 4, 2), Status::ok);
    EXPECT_EQ(lock(two, 8, fs::Lock::shared, 4, 2), Status::ok);
    EXPECT_EQ(lock(two, 8, fs::Lock::shared, 3, 1), Status::would_block);
    EXPECT_EQ(lock(two, 8, fs::Lock::shared, 6, 1), Status::would_block);
    const auto held = c.call(two, fs::Lock{.start = 8, .kind = fs::Lock::query, .owner = 8});
    ASSERT_TRUE(held);
    EXPECT_EQ(held->owner, 7U);
    EXPECT_EQ(held->kind, fs::Lock::exclusive);
    c.close(one);
    EXPECT_EQ(lock(two, 8, fs::Lock::exclusive, 0, 0), Status::ok);
    c.close(two);
}

TYPED_TEST_P(Conformance, OneOwnerHasSoManyLocksAndOthersTheirs) {
    auto& c = this->client();
    EXPECT_EQ(c.make_file("f", "0123456789"), Status::ok);
    const auto file = c.open("f", Flags::read | Flags::write);
    const auto lock = [&](std::uint64_t owner, std::uint32_t kind, std::uint64_t start,
                          std::uint64_t length) {
        return TestClient::status_of(
            c.call(file, fs::Lock{.start = start, .length = length, .kind = kind, .owner = owner}));
    };
    std::uint64_t count = 0;
    Status status = Status::ok;
    while (count < 100'000 && (status = lock(7, fs::Lock::exclusive, 2 * count, 1)) == Status::ok) {
        ++count;
    }
    EXPECT_EQ(status, Status::limit);
    EXPECT_GT(count, 2000U);
    EXPECT_EQ(lock(8, fs::Lock::exclusive, 2 * count, 1), Status::ok);
    EXPECT_EQ(lock(8, fs::Lock::shared, 2 * count - 2, 1), Status::would_block);
    EXPECT_EQ(lock(7, fs::Lock::unlock, 0, 0), Status::ok);
    EXPECT_EQ(lock(8, fs::Lock::shared, 2 * count - 2, 1), Status::ok);
    EXPECT_EQ(lock(7, fs::Lock::exclusive, 0, 2), Status::ok);
    c.close(file);
}

TYPED_TEST_P(Conformance, HostileMessages) {
    auto& c = this->client();
    EXPECT_EQ(c.make_file("f", "x"), Status::ok);
    std::mt19937_64 random{7};
    const auto file = c.open("f", Flags::read | Flags::write);
    for (int i = 0; i < 20'000; ++i) {
        ipc::Words words;
        for (auto& word : words) {
            word = random() >> (random() % 64);
        }
        std::string payload(random() % 64, '\0');
        std::ranges::generate(payload, [&] { return static_cast<char>("ab/.\0f"[random() % 6]); });
        const std::uint64_t badge = random() % 4 == 0   ? random()
                                    : random() % 2 == 0 ? root_badge
                                                        : file;
        auto label = static_cast<std::uint16_t>(random() % 48);
        // Files of any size are made quickly; time is better spent on the rest.
        if (label == fs::Truncate::label || label == fs::Allocate::label ||
            label == fs::Write::label || label == fs::SetAttributes::label ||
            label == fs::Lock::label) {
            words[0] %= 100'000;
            words[1] %= 100'000;
        }
        (void)c.exchange(badge, label, words, payload);
    }
    EXPECT_TRUE(c.call(file, fs::GetAttributes{}));
    c.close(file);
}

TYPED_TEST_P(Conformance, NamelessFiles) {
    auto& c = this->client();
    EXPECT_TRUE(c.on_path(fs::MakeNode{.kind = Kind::directory, .mode = 0755}, "d"));
    constexpr auto flags = Flags::nameless | Flags::read | Flags::write;
    EXPECT_EQ(c.make_file("d/.nameless", "in the way"), Status::ok);
    const auto file = c.open("d", flags, 0600);
    ASSERT_NE(file, 0U);
    EXPECT_EQ(c.write(file, "kept"), Status::ok);
    EXPECT_EQ(c.read_all(file), "kept");
    EXPECT_EQ(c.contents("d/.nameless"), "in the way");
    EXPECT_EQ(c.open("d/.nameless-0", Flags::read), 0U);
    EXPECT_EQ(c.open("d/.nameless", flags), 0U);
    EXPECT_EQ(c.latest, Status::not_directory);
    c.close(file);
}

TYPED_TEST_P(Conformance, NamedPipesCountTheirEnds) {
    auto& c = this->client();
    EXPECT_TRUE(c.on_path(fs::MakeNode{.kind = Kind::fifo, .mode = 0600}, "p"));
    const auto writer = c.open("p", Flags::write);
    const fs::OpenPipe at_once{.no_wait = 1};
    const auto lonely = c.call(writer, at_once);
    ASSERT_FALSE(lonely);
    EXPECT_EQ(lonely.error(), Status::out_of_range);
    const auto reader = c.open("p", Flags::read);
    const fs::OpenPipe if_met{.no_wait = fs::OpenPipe::if_met};
    EXPECT_FALSE(c.call(reader, if_met));
    ASSERT_TRUE(c.call(reader, at_once));
    EXPECT_EQ(c.host().pipe_ends.readers, 1U);
    EXPECT_EQ(c.host().pipe_ends.writers, 0U);
    EXPECT_TRUE(c.call(writer, fs::OpenPipe{}));
    EXPECT_TRUE(c.call(writer, fs::OpenPipe{}));  // again: not counted again
    EXPECT_TRUE(c.call(writer, if_met));
    EXPECT_EQ(c.host().pipe_ends.writers, 1U);
    c.close(writer);
    EXPECT_TRUE(c.call(nobody_badge, fs::AwaitCloses{}));
    EXPECT_FALSE(c.call(nobody_badge, fs::GetAttributes{}));
    EXPECT_EQ(c.host().pipe_ends.writers, 0U);
    EXPECT_EQ(c.host().pipe_ends.writers_ever, 1U);
    const auto both = c.open("p", Flags::read | Flags::write);
    const auto reply = c.call(both, fs::OpenPipe{});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->writers_ever, 1U);
    EXPECT_EQ(c.host().pipe_ends.readers, 2U);
    c.close(both);
    c.close(reader);
    // The next one is a new pipe.
    const auto fresh = c.open("p", Flags::read | Flags::write);
    EXPECT_TRUE(c.call(fresh, fs::OpenPipe{}));
    EXPECT_EQ(c.host().pipe_ends.writers_ever, 1U);
    c.close(fresh);
    const auto plain = c.open("file", Flags::read | Flags::create);
    EXPECT_FALSE(c.call(plain, fs::OpenPipe{}));
    c.close(plain);
}

TYPED_TEST_P(Conformance, CountsWhatMakesRememberedAnswersVoid) {
    using Set = fs::SetAttributes;
    auto& c = this->client();
    ASSERT_TRUE(c.on_path(fs::Enter{}, ""));
    const fs::Versions& now = c.host().versions;
    EXPECT_EQ(c.make_file("a", "text"), Status::ok);
    EXPECT_EQ(c.make_directory("d"), Status::ok);
    const auto file = c.open("a", Flags::read | Flags::write);
    ASSERT_NE(file, 0U);
    // Is what was known of this path void after the change?
    const auto is_void = [&](std::string_view path, auto change) {
        const auto answer = c.on_path(fs::GetPathAttributes{.follow = 0}, path);
        fs::Attributes attributes;
        EXPECT_TRUE(!answer || ipc::read_payload(ipc::bytes(c.payload), attributes));
        const std::uint64_t names = answer ? answer->names : now.names.load();
        change();
        return now.names != names ||
               (answer &&
                now.contents[fs::Versions::place_of(attributes.inode)] != answer->contents);
    };
    EXPECT_TRUE(is_void("a", [&] { EXPECT_EQ(c.write(file, "longer text", 0), Status::ok); }));
    EXPECT_TRUE(is_void("a", [&] { EXPECT_TRUE(c.call(file, fs::Truncate{.size = 3})); }));
    EXPECT_TRUE(is_void("a", [&] { EXPECT_TRUE(c.call(file, fs::Allocate{.length = 9'000})); }));
    EXPECT_TRUE(is_void("a", [&] { c.close(c.open("a", Flags::write | Flags::truncate)); }));
    EXPECT_EQ(c.stat("a").size, 0U);
    for (const std::uint32_t which : {Set::mode, Set::accessed_now, Set::modified}) {
        const fs::Attributes wanted{.mode = 0600, .modified = {.seconds = 5}};
        const std::string text{reinterpret_cast<const char*>(&wanted), sizeof wanted};
        EXPECT_TRUE(is_void("a", [&] { EXPECT_TRUE(c.call(file, Set{.which = which}, text)); }));
    }
    EXPECT_TRUE(is_void("a", [&] { EXPECT_EQ(c.link("a", "b"), Status::ok); }));
    EXPECT_TRUE(is_void("a", [&] { EXPECT_EQ(c.remove("b"), Status::ok); }));
    EXPECT_TRUE(is_void("a", [&] { EXPECT_EQ(c.rename("a", "d/a"), Status::ok); }));
    EXPECT_TRUE(is_void("a", [&] { EXPECT_EQ(c.make_file("a", ""), Status::ok); }));
    EXPECT_TRUE(is_void("d", [&] { EXPECT_EQ(c.make_directory("d/e"), Status::ok); }));
    EXPECT_TRUE(is_void("d/s", [&] { EXPECT_EQ(c.symlink("a", "d/s"), Status::ok); }));
    EXPECT_TRUE(is_void("d", [&] { c.close(c.open("d", Flags::nameless | Flags::write)); }));
    EXPECT_FALSE(is_void("a", [&] {
        EXPECT_EQ(c.contents("a"), "");
        EXPECT_TRUE(c.on_path(fs::CheckAccess{.mode = 4}, "a"));
        EXPECT_EQ(c.list("d").size(), 5U);
        EXPECT_EQ(c.open("none", Flags::read), 0U);
        EXPECT_EQ(c.make_directory("d"), Status::exists);
    }));
    c.close(file);
}

TYPED_TEST_P(Conformance, AClosedFileIsOpenedInto) {
    auto& c = this->client();
    EXPECT_EQ(c.make_file("a", "first"), Status::ok);
    EXPECT_EQ(c.make_file("b", "second"), Status::ok);
    const auto enter = [&] {
        EXPECT_TRUE(c.on_path(fs::Enter{}, ""));
        return c.host().minted;
    };
    const auto open = [&](std::uint64_t through, std::string_view path, std::uint64_t into) {
        return c.status_of(c.call(through, fs::Open{.flags = Flags::read, .into = into}, path));
    };
    // `only`: nobody has a copy of the File.
    const auto close = [&](std::uint64_t file, bool only) {
        c.tag_flags = only ? abi::Tag::only_copy : 0;
        const auto closed = c.call(file, fs::Close{});
        c.tag_flags = 0;
        EXPECT_TRUE(!closed || closed->number == file);
        return c.status_of(closed);
    };
    const std::uint64_t entrance = enter();
    const std::uint64_t other = enter();
    EXPECT_EQ(open(entrance, "a", 0), Status::ok);
    const std::uint64_t file = c.host().minted;
    EXPECT_TRUE(c.call(file, fs::Lock{.kind = fs::Lock::exclusive}));
    EXPECT_EQ(open(entrance, "b", file), Status::busy);  // it is not empty
    EXPECT_EQ(close(file, false), Status::busy);
    EXPECT_EQ(c.read_all(file), "first");
    EXPECT_EQ(close(file, true), Status::ok);
    EXPECT_EQ(c.status_of(c.call(file, fs::Read{.length = 9})), Status::bad_handle);
    EXPECT_EQ(close(file, true), Status::bad_handle);
    const auto reader = c.open("a", Flags::read);
    EXPECT_TRUE(c.call(reader, fs::Lock{.kind = fs::Lock::exclusive}));  // the lock is gone
    EXPECT_EQ(close(reader, true), Status::unsupported);  // it did not come through an entrance
    c.close(reader);
    EXPECT_EQ(open(other, "b", file), Status::busy);  // another's
    EXPECT_FALSE(c.on_path(fs::Open{.flags = Flags::read, .into = file}, "b"));
    EXPECT_EQ(open(entrance, "none", file), Status::not_found);
    EXPECT_EQ(open(entrance, "b", file), Status::ok);
    EXPECT_EQ(c.host().minted, reader);  // nothing has been made for it
    EXPECT_EQ(c.read_all(file), "second");
    // What is deleted empty, or with its entrance gone, is as good as what is deleted open.
    EXPECT_EQ(close(file, true), Status::ok);
    c.close(file);
    EXPECT_EQ(open(entrance, "b", file), Status::busy);
    EXPECT_EQ(open(entrance, "a", 0), Status::ok);
    EXPECT_EQ(c.host().minted, file);  // its number was free
    c.close(entrance);
    EXPECT_EQ(close(file, true), Status::ok);
    EXPECT_EQ(enter(), entrance);
    EXPECT_EQ(open(entrance, "a", file), Status::busy);
    c.close(file);
    EXPECT_EQ(c.remove("a"), Status::ok);
    EXPECT_EQ(open(entrance, "a", 0), Status::not_found);
}

REGISTER_TYPED_TEST_SUITE_P(Conformance, WritesAndReads, AnnouncedWritesNeedReadingAndWriting,
                            TruncatesAndGrowsWithZeros, OffsetsAndAppending, OpenFlags,
                            LinksAndUnlinkedFiles, Directories,
                            ListsAllEntriesOnceWhileSomeAreRemoved, SymbolicLinksRedirect, Renames,
                            Permissions, Locks, OneOwnerHasSoManyLocksAndOthersTheirs,
                            NamelessFiles, NamedPipesCountTheirEnds, HostileMessages,
                            CountsWhatMakesRememberedAnswersVoid, AClosedFileIsOpenedInto);

}  // namespace fs_server::testing
