// SPDX-License-Identifier: MIT
// ELF64 executables: what a file's headers ask for, checked so that whoever maps it can rely on it.
// (ELF-64 Object File Format 1.5; System V ABI, AMD64 supplement.) Pure, so that it is tested and
// fuzzed on the host.
//
// Guarantees for a parsed Elf: segments ascend and do not overlap by pages; each lies in
// [0, address_limit) and its file part inside the file; file offset and address agree modulo the
// page size; none is both writable and executable; there is at least one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "libs/base/result.hpp"

namespace linux {

struct ElfSegment {
    std::uint64_t address;  // to which the load bias is added, if the file is relocatable
    std::uint64_t memory_bytes;
    std::uint64_t file_offset;
    std::uint64_t file_bytes;
    std::uint32_t protection;  // linux_abi::Protection
};

struct Elf {
    bool relocatable = false;  // ET_DYN: may be loaded anywhere
    std::uint64_t entry = 0;
    std::uint64_t headers_address = 0;  // AT_PHDR, or 0 if the program headers are in no segment
    std::uint16_t header_count = 0;
    std::uint64_t interpreter_offset = 0, interpreter_bytes = 0;  // PT_INTERP, 0: none
    std::vector<ElfSegment> segments;

    [[nodiscard]] std::uint64_t lowest() const;   // page aligned
    [[nodiscard]] std::uint64_t highest() const;  // end of the last segment
};

enum class ElfError : std::uint8_t {
    not_elf,      // another kind of file
    unsupported,  // another machine, class, byte order or type of ELF
    malformed,    // an ELF file that contradicts itself or asks for the impossible
};

inline constexpr std::size_t elf_header_bytes = 64;
inline constexpr std::size_t program_header_bytes = 56;
inline constexpr std::uint16_t most_program_headers = 64;

struct HeaderTable {
    std::uint64_t offset;
    std::uint64_t bytes;
};
// Checks the file's first 64 bytes; -> where the program headers are.
base::Result<HeaderTable, ElfError> parse_elf_header(std::span<const std::byte> header,
                                                     std::uint64_t file_bytes);
// `header` as above; `table`: the program headers.
base::Result<Elf, ElfError> parse_elf(std::span<const std::byte> header,
                                      std::span<const std::byte> table, std::uint64_t file_bytes,
                                      std::uint64_t address_limit);

}  // namespace linux
