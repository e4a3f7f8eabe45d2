// SPDX-License-Identifier: MIT
#include "libs/process/elf.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "libs/base/align.hpp"

namespace loader {
namespace {

struct FileHeader {
    std::uint8_t magic[4];
    std::uint8_t file_class, byte_order, version, os_abi, abi_version, padding[7];
    std::uint16_t type, machine;
    std::uint32_t file_version;
    std::uint64_t entry, program_headers, section_headers;
    std::uint32_t flags;
    std::uint16_t header_bytes, program_header_bytes, program_header_count;
    std::uint16_t section_header_bytes, section_header_count, section_names;
};
static_assert(sizeof(FileHeader) == 64);

struct ProgramHeader {
    std::uint32_t type, flags;
    std::uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
};
static_assert(sizeof(ProgramHeader) == 56);

struct Dynamic {
    std::int64_t tag;
    std::uint64_t value;
};
struct Rela {
    std::uint64_t offset, info;
    std::int64_t addend;
};

constexpr std::uint16_t type_executable = 2;
constexpr std::uint16_t type_dynamic = 3;
constexpr std::uint16_t machine_x86_64 = 62;
constexpr std::uint32_t segment_load = 1;
constexpr std::uint32_t segment_dynamic = 2;
constexpr std::uint32_t segment_interpreter = 3;
constexpr std::uint32_t flag_execute = 1;
constexpr std::uint32_t flag_write = 2;
constexpr std::int64_t dynamic_end = 0;
constexpr std::int64_t dynamic_rela = 7;
constexpr std::int64_t dynamic_rela_bytes = 8;
constexpr std::int64_t dynamic_rela_entry = 9;
constexpr std::int64_t dynamic_rel = 17;
constexpr std::int64_t dynamic_plt_relocations = 23;
constexpr std::int64_t dynamic_relr = 36;
constexpr std::uint64_t relocation_relative = 8;

// Copies a structure out of the file, wherever it is.
template <class T>
std::optional<T> read(std::span<const std::byte> file, std::uint64_t offset) {
    if (!base::range_fits(offset, sizeof(T), file.size())) {
        return std::nullopt;
    }
    T value;
    std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

ElfResult<FileHeader> read_header(std::span<const std::byte> file) {
    const auto header = read<FileHeader>(file, 0);
    constexpr std::array<std::uint8_t, 4> magic = {0x7f, 'E', 'L', 'F'};
    if (!header || !std::ranges::equal(header->magic, magic)) {
        return base::fail(ElfError::not_elf);
    }
    if (header->file_class != 2 || header->byte_order != 1 || header->machine != machine_x86_64) {
        return base::fail(ElfError::wrong_machine);
    }
    if (header->type != type_executable && header->type != type_dynamic) {
        return base::fail(ElfError::wrong_type);
    }
    const std::uint64_t table = std::uint64_t{header->program_header_count} * sizeof(ProgramHeader);
    if (header->program_header_bytes != sizeof(ProgramHeader) ||
        header->program_header_count == 0 ||
        !base::range_fits(header->program_headers, table, file.size())) {
        return base::fail(ElfError::bad_header);
    }
    return *header;
}

ElfResult<Segment> check_segment(const ProgramHeader& header, std::uint64_t file_bytes,
                                 std::uint64_t lowest) {
    const bool inside = base::range_fits(header.offset, header.file_bytes, file_bytes) &&
                        header.file_bytes <= header.memory_bytes;
    const bool agrees = (header.offset & 4095) == (header.address & 4095);
    if (!inside || !agrees || header.memory_bytes == 0) {
        return base::fail(ElfError::bad_segment);
    }
    if (header.address < lowest ||
        !base::range_fits(header.address, header.memory_bytes, max_address)) {
        return base::fail(ElfError::out_of_range);
    }
    const bool write = (header.flags & flag_write) != 0;
    const bool execute = (header.flags & flag_execute) != 0;
    if (write && execute) {
        return base::fail(ElfError::writable_code);
    }
    return Segment{header.address, header.memory_bytes, header.offset, header.file_bytes, write,
                   execute};
}

ElfResult<void> add_segment(Image& image, const Segment& segment) {
    if (image.segment_count == Image::max_segments) {
        return base::fail(ElfError::too_many);
    }
    if (image.segment_count != 0 && segment.first_page() < image.end()) {
        return base::fail(ElfError::overlap);
    }
    image.segments[image.segment_count++] = segment;
    return {};
}

bool is_code(const Image& image, std::uint64_t address) {
    return std::ranges::any_of(image.all(), [&](const Segment& segment) {
        return segment.execute && address >= segment.address &&
               address - segment.address < segment.file_bytes;
    });
}

struct Relocations {
    std::uint64_t address = 0;
    std::uint64_t bytes = 0;
};

// Where the dynamic section says that the relocations are.
ElfResult<Relocations> find_relocations(const Image& image, SegmentMemory& memory) {
    Relocations found;
    std::uint64_t entry_bytes = sizeof(Rela);
    for (std::uint64_t at = 0; base::range_fits(at, sizeof(Dynamic), image.dynamic_bytes);
         at += sizeof(Dynamic)) {
        const auto bytes = memory.at(image.dynamic_address + at, sizeof(Dynamic));
        if (bytes.empty()) {
            return base::fail(ElfError::bad_relocation);
        }
        Dynamic entry;
        std::memcpy(&entry, bytes.data(), sizeof entry);
        switch (entry.tag) {
            case dynamic_end:             at = image.dynamic_bytes; break;
            case dynamic_rela:            found.address = entry.value; break;
            case dynamic_rela_bytes:      found.bytes = entry.value; break;
            case dynamic_rela_entry:      entry_bytes = entry.value; break;
            case dynamic_rel:
            case dynamic_plt_relocations:
            case dynamic_relr:            return base::fail(ElfError::bad_relocation);
            default:                      break;
        }
    }
    if (entry_bytes != sizeof(Rela) || found.bytes % sizeof(Rela) != 0 ||
        !base::range_fits(found.address, found.bytes, max_address)) {
        return base::fail(ElfError::bad_relocation);
    }
    return found;
}

}  // namespace

const char* describe(ElfError error) {
    switch (error) {
        case ElfError::not_elf:           return "not an ELF file";
        case ElfError::wrong_machine:     return "not for 64-bit x86";
        case ElfError::wrong_type:        return "not an executable";
        case ElfError::bad_header:        return "program headers outside the file";
        case ElfError::too_many:          return "too many segments";
        case ElfError::needs_interpreter: return "dynamically linked";
        case ElfError::bad_segment:       return "a segment that does not fit the file";
        case ElfError::out_of_range:      return "a segment at a forbidden address";
        case ElfError::overlap:           return "segments that overlap or do not ascend";
        case ElfError::writable_code:     return "a segment both writable and executable";
        case ElfError::bad_entry:         return "an entry point outside the code";
        case ElfError::bad_relocation:    return "a relocation of an unknown kind or place";
    }
    return "unknown";
}

ElfResult<Image> parse(std::span<const std::byte> file) {
    const FileHeader header = TRY(read_header(file));
    Image image;
    image.position_independent = header.type == type_dynamic;
    image.entry = header.entry;
    const std::uint64_t lowest = image.position_independent ? 0 : min_address;
    for (std::uint16_t i = 0; i < header.program_header_count; ++i) {
        const auto program =
            read<ProgramHeader>(file, header.program_headers + i * sizeof(ProgramHeader));
        if (program->type == segment_interpreter) {
            return base::fail(ElfError::needs_interpreter);
        }
        if (program->type == segment_dynamic) {
            image.dynamic_address = program->address;
            image.dynamic_bytes = program->memory_bytes;
        }
        if (program->type == segment_load && program->memory_bytes != 0) {
            const Segment segment = TRY(check_segment(*program, file.size(), lowest));
            TRY(add_segment(image, segment));
        }
    }
    if (image.segment_count == 0 || !is_code(image, image.entry)) {
        return base::fail(ElfError::bad_entry);
    }
    if (!base::range_fits(image.dynamic_address, image.dynamic_bytes, max_address)) {
        return base::fail(ElfError::bad_segment);
    }
    return image;
}

ElfResult<void> relocate(const Image& image, std::uint64_t base, SegmentMemory& memory) {
    if (!image.position_independent || image.dynamic_bytes == 0) {
        return {};
    }
    const Relocations relocations = TRY(find_relocations(image, memory));
    for (std::uint64_t at = 0; at < relocations.bytes; at += sizeof(Rela)) {
        const auto bytes = memory.at(relocations.address + at, sizeof(Rela));
        if (bytes.empty()) {
            return base::fail(ElfError::bad_relocation);
        }
        Rela entry;
        std::memcpy(&entry, bytes.data(), sizeof entry);
        const auto target = memory.at(entry.offset, sizeof(std::uint64_t));
        if (entry.info != relocation_relative || target.empty()) {
            return base::fail(ElfError::bad_relocation);
        }
        const std::uint64_t value = base + static_cast<std::uint64_t>(entry.addend);
        std::memcpy(target.data(), &value, sizeof value);
    }
    return {};
}

}  // namespace loader
