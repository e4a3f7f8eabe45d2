// SPDX-License-Identifier: MIT
#include "libs/process/elf.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <vector>

namespace {

using loader::ElfError;

// A small file as a linker would make it: code at 0x400000, data at 0x402000 (offset 0x1000).
struct File {
    std::vector<std::byte> bytes = std::vector<std::byte>(0x1100);

    template <class T>
    void put(std::size_t at, T value) {
        std::memcpy(bytes.data() + at, &value, sizeof value);
    }
    void program_header(std::size_t number, std::uint32_t type, std::uint32_t flags,
                        std::uint64_t offset, std::uint64_t address, std::uint64_t in_file,
                        std::uint64_t in_memory) {
        const std::size_t at = 64 + number * 56;
        put(at, type);
        put(at + 4, flags);
        put(at + 8, offset);
        put(at + 16, address);
        put(at + 32, in_file);
        put(at + 40, in_memory);
        put(at + 48, std::uint64_t{4096});
    }
    File() {
        put(0, std::uint32_t{0x464c457f});
        put(4, std::uint8_t{2});
        put(5, std::uint8_t{1});
        put(16, std::uint16_t{2});
        put(18, std::uint16_t{62});
        put(24, std::uint64_t{0x400100});
        put(32, std::uint64_t{64});
        put(54, std::uint16_t{56});
        put(56, std::uint16_t{2});
        program_header(0, 1, 5, 0, 0x400000, 0x1000, 0x1000);
        program_header(1, 1, 6, 0x1000, 0x402000, 0x100, 0x3000);
    }
    [[nodiscard]] ElfError error() const {
        const auto image = loader::parse(bytes);
        EXPECT_FALSE(image.has_value());
        return image ? ElfError::not_elf : image.error();
    }
};

TEST(Elf, AcceptsAnOrdinaryFile) {
    const File file;
    const auto image = loader::parse(file.bytes);
    ASSERT_TRUE(image.has_value()) << loader::describe(image.error());
    EXPECT_EQ(image->segment_count, 2U);
    EXPECT_EQ(image->entry, 0x400100U);
    EXPECT_TRUE(image->segments[0].execute);
    EXPECT_FALSE(image->segments[0].write);
    EXPECT_EQ(image->segments[1].end_page(), 0x405000U);
    EXPECT_EQ(image->end(), 0x405000U);
}

TEST(Elf, TruncatedAnywhere) {
    const File whole;
    for (std::size_t length = 0; length < whole.bytes.size(); ++length) {
        EXPECT_FALSE(loader::parse(std::span{whole.bytes}.first(length)).has_value()) << length;
    }
}

TEST(Elf, RefusesEachDefect) {
    struct Case {
        ElfError error;
        std::function<void(File&)> spoil;
    };
    const std::vector<Case> cases = {
        {ElfError::not_elf, [](File& f) { f.put(0, 'x'); }},
        {ElfError::wrong_machine, [](File& f) { f.put(4, std::uint8_t{1}); }},
        {ElfError::wrong_machine, [](File& f) { f.put(18, std::uint16_t{183}); }},
        {ElfError::wrong_type, [](File& f) { f.put(16, std::uint16_t{1}); }},
        {ElfError::bad_header, [](File& f) { f.put(32, ~std::uint64_t{0}); }},
        {ElfError::bad_header, [](File& f) { f.put(56, std::uint16_t{0xffff}); }},
        {ElfError::bad_header, [](File& f) { f.put(54, std::uint16_t{57}); }},
        {ElfError::needs_interpreter, [](File& f) { f.put(64, std::uint32_t{3}); }},
        {ElfError::bad_segment, [](File& f) { f.put(64 + 8, ~std::uint64_t{0} - 4095); }},
        {ElfError::bad_segment, [](File& f) { f.put(64 + 32, std::uint64_t{0x1001}); }},
        {ElfError::bad_segment, [](File& f) { f.put(64 + 16, std::uint64_t{0x400010}); }},
        {ElfError::out_of_range, [](File& f) { f.put(64 + 16, std::uint64_t{0x1000}); }},
        {ElfError::out_of_range, [](File& f) { f.put(64 + 56 + 40, ~std::uint64_t{0}); }},
        {ElfError::out_of_range,
         [](File& f) { f.put(64 + 56 + 16, std::uint64_t{0xffff'8000'0000'0000}); }},
        {ElfError::overlap, [](File& f) { f.put(64 + 56 + 16, std::uint64_t{0x400000}); }},
        {ElfError::overlap, [](File& f) { f.put(64 + 56 + 16, std::uint64_t{0x200000}); }},
        {ElfError::writable_code, [](File& f) { f.put(64 + 4, std::uint32_t{7}); }},
        {ElfError::bad_entry, [](File& f) { f.put(24, std::uint64_t{0x402000}); }},
        {ElfError::bad_entry, [](File& f) { f.put(24, std::uint64_t{0}); }},
        {ElfError::bad_entry,
         [](File& f) { f.put(56, std::uint16_t{1}), f.put(64, std::uint32_t{4}); }},
    };
    for (const Case& one : cases) {
        File file;
        one.spoil(file);
        EXPECT_STREQ(loader::describe(file.error()), loader::describe(one.error));
    }
}

TEST(Elf, TooManySegments) {
    File file;
    file.put(56, std::uint16_t{20});
    for (std::size_t i = 0; i < 20; ++i) {
        file.program_header(i, 1, 4, 0, 0x400000 + i * 0x1000, 0x10, 0x10);
    }
    EXPECT_EQ(file.error(), ElfError::too_many);
}

// A position-independent file whose data segment holds a dynamic section and one relocation.
struct Relocatable : File {
    std::vector<std::byte> memory = std::vector<std::byte>(0x5000);

    struct Memory final : loader::SegmentMemory {
        explicit Memory(std::vector<std::byte>& from) : bytes(from) {}
        std::vector<std::byte>& bytes;
        std::span<std::byte> at(std::uint64_t address, std::uint64_t length) override {
            if (address > bytes.size() || length > bytes.size() - address) {
                return {};
            }
            return std::span{bytes}.subspan(address, length);
        }
    };

    Relocatable() {
        put(16, std::uint16_t{3});
        put(24, std::uint64_t{0x100});
        put(56, std::uint16_t{3});
        program_header(0, 1, 5, 0, 0, 0x1000, 0x1000);
        program_header(1, 1, 6, 0x1000, 0x2000, 0x100, 0x3000);
        program_header(2, 2, 6, 0x1000, 0x2000, 0x40, 0x40);
        set(0x2000, 7), set(0x2008, 0x2080);  // RELA
        set(0x2010, 8), set(0x2018, 24);      // RELASZ
        set(0x2020, 9), set(0x2028, 24);      // RELAENT
        set(0x2080, 0x3000), set(0x2088, 8), set(0x2090, 0x1234);
    }
    void set(std::size_t at, std::uint64_t value) {
        std::memcpy(memory.data() + at, &value, sizeof value);
    }
    bool relocate() {
        const auto image = loader::parse(bytes);
        EXPECT_TRUE(image.has_value());
        Memory segments{memory};
        return loader::relocate(*image, 0x7e00'0000'0000, segments).has_value();
    }
};

TEST(Elf, Relocates) {
    Relocatable file;
    EXPECT_TRUE(file.relocate());
    std::uint64_t value = 0;
    std::memcpy(&value, file.memory.data() + 0x3000, sizeof value);
    EXPECT_EQ(value, 0x7e00'0000'1234U);
}

TEST(Elf, RefusesOtherRelocations) {
    const std::vector<std::pair<std::size_t, std::uint64_t>> cases = {
        {0x2088, 6},      {0x2088, 0x1'0000'0008},
        {0x2080, 0x4ffc}, {0x2080, ~std::uint64_t{0}},
        {0x2018, 25},     {0x2018, ~std::uint64_t{0} - 7},
        {0x2028, 16},     {0x2008, 0x7000},
        {0x2000, 17},     {0x2000, 36}};
    for (const auto& [at, value] : cases) {
        Relocatable file;
        file.set(at, value);
        EXPECT_FALSE(file.relocate()) << std::hex << at << " " << value;
    }
}

}  // namespace
