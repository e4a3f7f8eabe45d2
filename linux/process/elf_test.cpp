// SPDX-License-Identifier: MIT
#include "linux/process/elf.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>

#include "abi/linux/memory.hpp"

namespace linux {
namespace {

constexpr std::uint64_t limit = 0x7dff'0000'0000;

struct Segment {
    std::uint32_t type = 1, flags = 5;
    std::uint64_t offset = 0, address = 0x400000, physical = 0, file_bytes = 0x1000,
                  memory_bytes = 0x1000, alignment = 0x1000;
};

// A small file in memory, to be spoilt in one place.
struct File {
    std::vector<std::byte> header = std::vector<std::byte>(elf_header_bytes);
    std::vector<Segment> segments;
    std::uint64_t bytes = 0x10000;

    File() {
        const unsigned char start[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
        std::memcpy(header.data(), start, sizeof start);
        set<std::uint16_t>(16, 2);
        set<std::uint16_t>(18, 62);
        set<std::uint64_t>(24, 0x400100);
        set<std::uint64_t>(32, 64);
        set<std::uint16_t>(54, program_header_bytes);
        segments = {{},
                    {.flags = 6, .offset = 0x2000, .address = 0x402000, .memory_bytes = 0x5000}};
    }
    template <class T>
    void set(std::size_t offset, T value) {
        std::memcpy(header.data() + offset, &value, sizeof value);
    }
    base::Result<Elf, ElfError> parse() {
        set<std::uint16_t>(56, static_cast<std::uint16_t>(segments.size()));
        return parse_elf(header, std::as_bytes(std::span{segments}), bytes, limit);
    }
};

TEST(Elf, GoodFile) {
    const auto elf = File{}.parse();
    ASSERT_TRUE(elf);
    EXPECT_FALSE(elf->relocatable);
    EXPECT_EQ(elf->entry, 0x400100U);
    ASSERT_EQ(elf->segments.size(), 2U);
    using linux_abi::Protection;
    EXPECT_EQ(elf->segments[0].protection, Protection::read | Protection::execute);
    EXPECT_EQ(elf->segments[1].protection, Protection::read | Protection::write);
    EXPECT_EQ(elf->lowest(), 0x400000U);
    EXPECT_EQ(elf->highest(), 0x407000U);
    EXPECT_EQ(elf->headers_address, 0x400040U);
}

TEST(Elf, OtherFiles) {
    const std::vector<std::byte> text(100, std::byte{'x'});
    EXPECT_EQ(parse_elf_header(text, 100).error(), ElfError::not_elf);
    EXPECT_EQ(parse_elf_header({}, 0).error(), ElfError::not_elf);
}

struct Spoilt {
    const char* what;
    ElfError error;
    std::function<void(File&)> spoil;
};

TEST(Elf, SpoiltFiles) {
    constexpr auto huge = ~std::uint64_t{0};
    const Spoilt all[] = {
        {"32 bits", ElfError::unsupported, [](File& f) { f.header[4] = std::byte{1}; }},
        {"big endian", ElfError::unsupported, [](File& f) { f.header[5] = std::byte{2}; }},
        {"another machine", ElfError::unsupported, [](File& f) { f.set<std::uint16_t>(18, 183); }},
        {"an object file", ElfError::unsupported, [](File& f) { f.set<std::uint16_t>(16, 1); }},
        {"headers outside", ElfError::malformed, [](File& f) { f.set<std::uint64_t>(32, 0xfff0); }},
        {"headers overflow", ElfError::malformed, [](File& f) { f.set<std::uint64_t>(32, huge); }},
        {"header size", ElfError::malformed, [](File& f) { f.set<std::uint16_t>(54, 32); }},
        {"no headers", ElfError::malformed, [](File& f) { f.segments.clear(); }},
        {"too many headers", ElfError::malformed, [](File& f) { f.segments.resize(65); }},
        {"nothing to load", ElfError::malformed,
         [](File& f) { f.segments = {{.type = 4}, {.type = 6}}; }},
        {"file part outside", ElfError::malformed,
         [](File& f) { f.segments[1].offset = 0xf000, f.segments[1].file_bytes = 0x2000; }},
        {"file part overflows", ElfError::malformed,
         [](File& f) { f.segments[1].offset = huge - 0xfff; }},
        {"more file than memory", ElfError::malformed,
         [](File& f) { f.segments[0].file_bytes = 0x1001; }},
        {"memory overflows", ElfError::malformed,
         [](File& f) { f.segments[1].memory_bytes = huge; }},
        {"too high", ElfError::malformed,
         [](File& f) { f.segments[1].address = limit - 0x1000 + (1 << 13); }},
        {"writable code", ElfError::malformed, [](File& f) { f.segments[1].flags = 7; }},
        {"incongruent", ElfError::malformed, [](File& f) { f.segments[1].address += 8; }},
        {"overlap", ElfError::malformed, [](File& f) { f.segments[1].address = 0x400000; }},
        {"same page", ElfError::malformed,
         [](File& f) {
             f.segments[0].memory_bytes = 0x2100;
             f.segments[1].address = 0x402000;
         }},
        {"descending", ElfError::malformed,
         [](File& f) { std::swap(f.segments[0], f.segments[1]); }},
        {"entry too high", ElfError::malformed, [](File& f) { f.set<std::uint64_t>(24, limit); }},
        {"interpreter outside", ElfError::malformed,
         [](File& f) { f.segments.push_back({.type = 3, .offset = 0xffff, .file_bytes = 20}); }},
        {"interpreter too long", ElfError::malformed,
         [](File& f) { f.segments.push_back({.type = 3, .file_bytes = 5000}); }},
    };
    for (const Spoilt& one : all) {
        File file;
        one.spoil(file);
        const auto elf = file.parse();
        ASSERT_FALSE(elf) << one.what;
        EXPECT_EQ(elf.error(), one.error) << one.what;
    }
}

TEST(Elf, CutOffTable) {
    File file;
    file.set<std::uint16_t>(56, 2);
    const auto table = std::as_bytes(std::span{file.segments});
    EXPECT_FALSE(parse_elf(file.header, table.first(60), file.bytes, limit));
}

TEST(Elf, TheTestItself) {
    std::ifstream self{"/proc/self/exe", std::ios::binary};
    const std::vector<char> bytes{std::istreambuf_iterator<char>{self}, {}};
    const auto all = std::as_bytes(std::span{bytes});
    const auto where = parse_elf_header(all.first(elf_header_bytes), all.size());
    ASSERT_TRUE(where);
    const auto elf = parse_elf(all, all.subspan(where->offset, where->bytes), all.size(), limit);
    ASSERT_TRUE(elf);
    EXPECT_TRUE(elf->relocatable);
    EXPECT_NE(elf->interpreter_bytes, 0U);
    EXPECT_NE(elf->headers_address, 0U);
}

}  // namespace
}  // namespace linux
