// SPDX-License-Identifier: MIT
#include "linux/process/elf.hpp"

#include <cstring>

#include "abi/linux/memory.hpp"
#include "libs/base/align.hpp"

namespace linux {
namespace {

struct FileHeader {
    std::uint8_t identification[16];
    std::uint16_t type, machine;
    std::uint32_t version;
    std::uint64_t entry, program_headers, section_headers;
    std::uint32_t flags;
    std::uint16_t header_bytes, program_header_bytes, program_header_count;
    std::uint16_t section_header_bytes, section_header_count, section_names;
};
static_assert(sizeof(FileHeader) == elf_header_bytes);

struct ProgramHeader {
    std::uint32_t type, flags;
    std::uint64_t offset, address, physical_address, file_bytes, memory_bytes, alignment;
};
static_assert(sizeof(ProgramHeader) == program_header_bytes);

constexpr std::uint16_t type_fixed = 2, type_relocatable = 3;
constexpr std::uint16_t machine_x86_64 = 62;
constexpr std::uint32_t segment_load = 1, segment_interpreter = 3;
constexpr std::uint32_t flag_execute = 1, flag_write = 2, flag_read = 4;
constexpr std::uint64_t longest_interpreter = 4096;

FileHeader to_header(std::span<const std::byte> bytes) {
    FileHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    return header;
}

std::uint32_t to_protection(std::uint32_t flags) {
    using linux_abi::Protection;
    return ((flags & flag_read) != 0 ? Protection::read : 0) |
           ((flags & flag_write) != 0 ? Protection::write : 0) |
           ((flags & flag_execute) != 0 ? Protection::execute : 0);
}

bool is_good_segment(const ProgramHeader& header, std::uint64_t file_bytes,
                     std::uint64_t address_limit) {
    const bool writable_code =
        (header.flags & flag_write) != 0 && (header.flags & flag_execute) != 0;
    return header.file_bytes <= header.memory_bytes && !writable_code &&
           base::range_fits(header.offset, header.file_bytes, file_bytes) &&
           base::range_fits(header.address, header.memory_bytes, address_limit) &&
           (header.offset - header.address) % base::page_size == 0;
}

// Adds a PT_LOAD segment to those before it.
bool add_segment(Elf& elf, const ProgramHeader& header, std::uint64_t file_bytes,
                 std::uint64_t address_limit) {
    if (header.memory_bytes == 0) {
        return true;
    }
    if (!is_good_segment(header, file_bytes, address_limit)) {
        return false;
    }
    const std::uint64_t page = base::align_down(header.address, base::page_size);
    if (!elf.segments.empty() && page < base::align_up(elf.highest(), base::page_size)) {
        return false;
    }
    elf.segments.push_back({.address = header.address,
                            .memory_bytes = header.memory_bytes,
                            .file_offset = header.offset,
                            .file_bytes = header.file_bytes,
                            .protection = to_protection(header.flags)});
    return true;
}

std::uint64_t headers_address(const Elf& elf, const FileHeader& header, std::uint64_t bytes) {
    for (const ElfSegment& segment : elf.segments) {
        if (header.program_headers >= segment.file_offset &&
            base::range_fits(header.program_headers - segment.file_offset, bytes,
                             segment.file_bytes)) {
            return segment.address + (header.program_headers - segment.file_offset);
        }
    }
    return 0;
}

}  // namespace

std::uint64_t Elf::lowest() const {
    return base::align_down(segments.front().address, base::page_size);
}
std::uint64_t Elf::highest() const {
    return segments.back().address + segments.back().memory_bytes;
}

base::Result<HeaderTable, ElfError> parse_elf_header(std::span<const std::byte> bytes,
                                                     std::uint64_t file_bytes) {
    constexpr std::uint8_t magic[] = {0x7f, 'E', 'L', 'F'};
    constexpr std::uint8_t class_64 = 2, little_endian = 1, version = 1;
    if (bytes.size() < sizeof(FileHeader)) {
        return base::fail(ElfError::not_elf);
    }
    const FileHeader header = to_header(bytes);
    if (std::memcmp(header.identification, magic, sizeof magic) != 0) {
        return base::fail(ElfError::not_elf);
    }
    if (header.identification[4] != class_64 || header.identification[5] != little_endian ||
        header.identification[6] != version || header.machine != machine_x86_64 ||
        (header.type != type_fixed && header.type != type_relocatable)) {
        return base::fail(ElfError::unsupported);
    }
    const std::uint64_t table_bytes = header.program_header_count * sizeof(ProgramHeader);
    if (header.program_header_bytes != sizeof(ProgramHeader) || header.program_header_count == 0 ||
        header.program_header_count > most_program_headers ||
        !base::range_fits(header.program_headers, table_bytes, file_bytes)) {
        return base::fail(ElfError::malformed);
    }
    return HeaderTable{header.program_headers, table_bytes};
}

base::Result<Elf, ElfError> parse_elf(std::span<const std::byte> header_bytes,
                                      std::span<const std::byte> table, std::uint64_t file_bytes,
                                      std::uint64_t address_limit) {
    const HeaderTable where = TRY(parse_elf_header(header_bytes, file_bytes));
    if (table.size() < where.bytes) {
        return base::fail(ElfError::malformed);
    }
    const FileHeader header = to_header(header_bytes);
    Elf elf;
    elf.relocatable = header.type == type_relocatable;
    elf.entry = header.entry;
    elf.header_count = header.program_header_count;
    for (std::size_t i = 0; i < header.program_header_count; ++i) {
        ProgramHeader segment;
        std::memcpy(&segment, table.data() + i * sizeof segment, sizeof segment);
        if (segment.type == segment_load && !add_segment(elf, segment, file_bytes, address_limit)) {
            return base::fail(ElfError::malformed);
        }
        if (segment.type == segment_interpreter) {
            if (segment.file_bytes == 0 || segment.file_bytes > longest_interpreter ||
                !base::range_fits(segment.offset, segment.file_bytes, file_bytes)) {
                return base::fail(ElfError::malformed);
            }
            elf.interpreter_offset = segment.offset;
            elf.interpreter_bytes = segment.file_bytes;
        }
    }
    if (elf.segments.empty() || elf.entry >= address_limit) {
        return base::fail(ElfError::malformed);
    }
    elf.headers_address = headers_address(elf, header, where.bytes);
    return elf;
}

}  // namespace linux
