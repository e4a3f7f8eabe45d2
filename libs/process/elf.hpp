// SPDX-License-Identifier: MIT
//
// Reading ELF64 executables for x86-64 (System V gABI, chapters 4 and 5; psABI x86-64, 4.4).
//
// The file is input from anybody. `parse` checks everything that a loader will rely on, so that with an Image in hand
// nothing can go wrong but memory:
//
//   - header and program headers lie inside the file; class, byte order, machine, type (EXEC or DYN) are ours;
//   - PT_LOAD segments ascend, share no page, lie in [min_address, max_address) (DYN: relative to its base), their file part
//     lies inside the file and is no longer than their memory, and file offset and address agree modulo the page size;
//   - no segment is writable and executable; the entry point is inside an executable one;
//   - there is no interpreter: dynamically linked programs are not ours to load.
//
// Position-independent images (DYN) may carry relocations; `relocate` applies them, and accepts R_X86_64_RELATIVE only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "libs/base/result.hpp"

namespace loader {

enum class ElfError : std::uint8_t {
    not_elf,        // no ELF magic, or too short for a header
    wrong_machine,  // not a 64-bit little-endian x86-64 file
    wrong_type,     // neither EXEC nor DYN
    bad_header,     // program headers outside the file, or of another size
    too_many,       // more segments than a program has
    needs_interpreter,
    bad_segment,   // not inside the file, not aligned, or empty
    out_of_range,  // at an address where programs may not be
    overlap,       // two segments share a page
    writable_code,
    bad_entry,
    bad_relocation,
};
const char* describe(ElfError error);

template <class T>
using ElfResult = base::Result<T, ElfError>;

struct Segment {
    std::uint64_t address;  // as in the file: for DYN relative to the base
    std::uint64_t memory_bytes;
    std::uint64_t file_offset;
    std::uint64_t file_bytes;
    bool write;
    bool execute;

    // The pages that it touches.
    [[nodiscard]] std::uint64_t first_page() const { return address & ~std::uint64_t{4095}; }
    [[nodiscard]] std::uint64_t end_page() const {
        return (address + memory_bytes + 4095) & ~std::uint64_t{4095};
    }
};

struct Image {
    static constexpr std::size_t max_segments = 12;
    bool position_independent = false;
    std::uint64_t entry = 0;
    std::array<Segment, max_segments> segments{};
    std::size_t segment_count = 0;
    // The dynamic section (DYN), which says where the relocations are.
    std::uint64_t dynamic_address = 0;
    std::uint64_t dynamic_bytes = 0;

    [[nodiscard]] std::span<const Segment> all() const { return {segments.data(), segment_count}; }
    [[nodiscard]] std::uint64_t end() const { return segments[segment_count - 1].end_page(); }
};

inline constexpr std::uint64_t min_address = 0x1'0000;
inline constexpr std::uint64_t max_address = 0x7f00'0000'0000;

ElfResult<Image> parse(std::span<const std::byte> file);

// A segment's memory while it is prepared: where `relocate` reads and writes.
class SegmentMemory {
public:
    // The bytes at this address of the image; empty if they are not all in one segment.
    virtual std::span<std::byte> at(std::uint64_t address, std::uint64_t length) = 0;

protected:
    ~SegmentMemory() = default;
};

// Makes a position-independent image right for `base`.
ElfResult<void> relocate(const Image& image, std::uint64_t base, SegmentMemory& memory);

}  // namespace loader
