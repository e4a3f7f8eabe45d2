// SPDX-License-Identifier: MIT
#include "linux/fd/path.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using linux::fd::path::split;

struct Result {
    std::string path;
    bool directory, dot;
};

Result join(std::string_view base, std::string_view name) {
    std::vector<char> buffer(2 * 4096 + 2);
    const std::size_t start = name.starts_with('/') ? 0 : linux::fd::path::start_of_relative(base);
    std::copy(name.begin(), name.end(), buffer.begin() + static_cast<std::ptrdiff_t>(start));
    const auto joined = linux::fd::path::tidy(buffer, base, start, name.size());
    if (!joined) {
        return {"too long", false, false};
    }
    return {std::string(buffer.data(), joined->length), joined->directory, joined->dot};
}

TEST(Path, AbsoluteNamesIgnoreTheBase) {
    EXPECT_EQ(join("/home/a", "/etc/passwd").path, "/etc/passwd");
    EXPECT_EQ(join("/home/a", "/").path, "/");
    EXPECT_TRUE(join("/home/a", "/").directory);
}

TEST(Path, RelativeNamesFollowTheBase) {
    EXPECT_EQ(join("/home/a", "b").path, "/home/a/b");
    EXPECT_EQ(join("/", "b").path, "/b");
    EXPECT_EQ(join("/", "b/c").path, "/b/c");
}

TEST(Path, DotsAndDoubleSlashesGo) {
    EXPECT_EQ(join("/home", "./a//b/./c").path, "/home/a/b/c");
    EXPECT_EQ(join("/home", ".").path, "/home");
    EXPECT_EQ(join("/", ".").path, "/");
    EXPECT_EQ(join("/x", "///a").path, "/a");
    EXPECT_EQ(join("/", "...").path, "/...");
    EXPECT_EQ(join("/", ".a").path, "/.a");
}

// All texts of up to ten of these three: whoever is called tidy stays as it is, and most that are tidy are called so.
TEST(Path, WhatIsPlainlyTidyIsTidy) {
    constexpr std::string_view letters = "/.a";
    std::size_t plain = 0, tidy = 0;
    for (std::size_t length = 1; length <= 10; ++length) {
        std::size_t count = 1;
        for (std::size_t i = 0; i < length; ++i) {
            count *= letters.size();
        }
        for (std::size_t number = 0; number < count; ++number) {
            std::string text = "/";
            for (std::size_t rest = number; text.size() < length; rest /= letters.size()) {
                text += letters[rest % letters.size()];
            }
            // A base makes `tidy` look at each component.
            std::vector<char> buffer(2 + text.size());
            std::ranges::copy(text, buffer.begin() + 1);
            const auto joined = linux::fd::path::tidy(buffer, "/", 1, text.size());
            const bool same = joined && std::string_view(buffer.data(), joined->length) == text &&
                              !joined->directory;
            const bool says = linux::fd::path::is_plainly_tidy(text.data(), text.size());
            ASSERT_TRUE(same || !says) << text;
            plain += says ? 1 : 0;
            tidy += same && text.size() >= 8 && text.find("/.") == text.npos ? 1 : 0;
        }
    }
    EXPECT_EQ(plain, tidy);
}

TEST(Path, DotDotStays) {
    EXPECT_EQ(join("/home/a", "..").path, "/home/a/..");
    EXPECT_EQ(join("/home/a", "../b/../c").path, "/home/a/../b/../c");
}

TEST(Path, ATrailingSlashOrDotMeansADirectory) {
    EXPECT_TRUE(join("/", "a/").directory);
    EXPECT_TRUE(join("/", "a/.").directory);
    EXPECT_TRUE(join("/", "a//").directory);
    EXPECT_FALSE(join("/", "a").directory);
    EXPECT_FALSE(join("/", "a/..").directory);
    EXPECT_EQ(join("/", "a/").path, "/a");
    EXPECT_TRUE(join("/", "a/.").dot);
    EXPECT_TRUE(join("/", "a/./").dot);
    EXPECT_FALSE(join("/", "./a").dot);
    EXPECT_FALSE(join("/", "a/").dot);
}

TEST(Path, TheLongestPathIs4095Bytes) {
    const std::string longest(4093, 'x');
    EXPECT_EQ(join("/", longest).path.size(), 4094U);
    EXPECT_EQ(join("/", longest + "y").path.size(), 4095U);
    EXPECT_EQ(join("/", longest + "yz").path, "too long");
    EXPECT_EQ(join("/ab", longest).path, "too long");
    EXPECT_EQ(join("/", std::string(4000, '/') + "a").path, "/a");
}

TEST(Path, Split) {
    EXPECT_EQ(split("/a/b").parent, "/a");
    EXPECT_EQ(split("/a/b").name, "b");
    EXPECT_EQ(split("/a").parent, "/");
    EXPECT_EQ(split("/a").name, "a");
    EXPECT_EQ(split("/").parent, "/");
    EXPECT_EQ(split("/").name, "");
}

}  // namespace
