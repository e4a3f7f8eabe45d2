// SPDX-License-Identifier: MIT
#include "libs/process/archive.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace {

std::string entry(const std::string& name, const std::string& data, unsigned mode = 0100644) {
    char header[111];
    (void)std::snprintf(header, sizeof header,
                        "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1U, mode, 0U,
                        0U, 1U, 0U, static_cast<unsigned>(data.size()), 0U, 0U, 0U, 0U,
                        static_cast<unsigned>(name.size() + 1), 0U);
    std::string all = header + name + '\0';
    all.resize((all.size() + 3) & ~std::size_t{3});
    all += data;
    all.resize((all.size() + 3) & ~std::size_t{3});
    return all;
}

std::string text(std::span<const std::byte> data) {
    return {reinterpret_cast<const char*>(data.data()), data.size()};
}

loader::Archive open(const std::string& bytes) {
    return loader::Archive{std::as_bytes(std::span{bytes})};
}

const std::string sample = entry(".", "", 040755) + entry("./etc/init.table", "hello") +
                           entry("init",
                                 "\x7f"
                                 "ELF") +
                           entry("empty", "") + entry("TRAILER!!!", "", 0) +
                           entry("after", "never seen");

TEST(Archive, FindsFiles) {
    const auto archive = open(sample);
    EXPECT_EQ(text(archive.find("etc/init.table").value()), "hello");
    EXPECT_EQ(text(archive.find("/etc/init.table").value()), "hello");
    EXPECT_EQ(text(archive.find("init").value()),
              "\x7f"
              "ELF");
    EXPECT_TRUE(archive.find("empty").value().empty());
    EXPECT_FALSE(archive.find("."));
    EXPECT_FALSE(archive.find("after"));
    EXPECT_FALSE(archive.find("ini"));
}

TEST(Archive, ListsAllEntries) {
    std::size_t count = 0;
    for (const auto& one : open(sample)) {
        EXPECT_FALSE(one.name.starts_with("/"));
        ++count;
    }
    EXPECT_EQ(count, 4U);
}

TEST(Archive, TruncatedAnywhereIsTheEnd) {
    for (std::size_t length = 0; length < sample.size(); ++length) {
        const std::string part = sample.substr(0, length);
        for (const auto& one : open(part)) {
            EXPECT_LE(one.data.size(), length);
        }
    }
    EXPECT_FALSE(open("").find("init"));
}

// The image builder pads names with zero bytes, so that data begins at a page boundary.
TEST(Archive, PaddedNames) {
    const std::string padded = entry(std::string{"sbin/vfs"} + std::string(77, '\0'), "data");
    EXPECT_EQ(text(open(padded).find("sbin/vfs").value()), "data");
}

TEST(Archive, HostileLengths) {
    std::string bad = entry("a", "data");
    bad.replace(6 + 8 * 6, 8, "ffffffff");
    EXPECT_FALSE(open(bad).find("a"));
    bad = entry("a", "data");
    bad.replace(6 + 8 * 11, 8, "ffffffff");
    EXPECT_FALSE(open(bad).find("a"));
    bad.replace(6 + 8 * 11, 8, "00000000");
    EXPECT_FALSE(open(bad).find("a"));
    bad = entry("a", "data");
    bad.replace(6 + 8 * 6, 8, "0000 004");
    EXPECT_FALSE(open(bad).find("a"));
}

}  // namespace
