// SPDX-License-Identifier: MIT
// The multiboot2 protocol: what GRUB leaves (multiboot2 specification, 3.6). A list of tags, each 8-byte aligned.
#include <cstring>

#include <arch/window.hpp>

#include "kernel/arch/x86_64/boot_info.hpp"
#include "libs/base/align.hpp"

namespace arch {

namespace {

enum TagType : std::uint32_t {
    tag_end = 0,
    tag_command_line = 1,
    tag_module = 3,
    tag_memory_map = 6,
    tag_framebuffer = 8,
    tag_efi64_system_table = 12,
};
constexpr std::uint8_t framebuffer_type_rgb = 1;

struct Tag {
    std::uint32_t type;
    std::uint32_t bytes;
};
struct ModuleTag : Tag {
    std::uint32_t begin;
    std::uint32_t end;
};
struct MemoryMapTag : Tag {
    std::uint32_t entry_bytes;
    std::uint32_t entry_version;
};
struct FramebufferTag : Tag {
    std::uint64_t address;
    std::uint32_t pitch, width, height;
    std::uint8_t bits_per_pixel, type;
    std::uint16_t reserved;
    std::uint8_t red_shift, red_bits, green_shift, green_bits, blue_shift, blue_bits;
};
struct EfiTag : Tag {
    std::uint64_t system_table;
};

// The parts of the EFI system table that lead to ACPI (UEFI 2.10, 4.3 and 4.6).
constexpr std::size_t efi_table_count_offset = 104;
constexpr std::size_t efi_tables_offset = 112;
struct EfiConfigurationTable {
    std::array<std::uint8_t, 16> guid;
    std::uint64_t table;
};
constexpr std::array<std::uint8_t, 16> acpi2_guid{0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
                                                  0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81};
constexpr std::uint64_t reachable_end = std::uint64_t{4} << 30;

template <class T>
const T& as(const Tag& tag) {
    return static_cast<const T&>(tag);
}

void read_memory_map(const MemoryMapTag& tag, BootMemory& memory) {
    const auto* entry = reinterpret_cast<const std::byte*>(&tag + 1);
    const auto* end = reinterpret_cast<const std::byte*>(&tag) + tag.bytes;
    for (; entry + sizeof(MemoryMapEntry) <= end; entry += tag.entry_bytes) {
        MemoryMapEntry range{};
        std::memcpy(&range, entry, sizeof(range));
        if (range.type == memory_type_ram) {
            memory.add_ram(range.address, range.bytes);
        }
    }
}

void read_framebuffer(const FramebufferTag& tag, BootParameters& parameters) {
    if (tag.type != framebuffer_type_rgb ||
        (tag.bits_per_pixel != 32 && tag.bits_per_pixel != 24)) {
        return;
    }
    parameters.framebuffer = {.address = tag.address,
                              .width = tag.width,
                              .height = tag.height,
                              .pitch = tag.pitch,
                              .bits_per_pixel = tag.bits_per_pixel,
                              .red_shift = tag.red_shift,
                              .green_shift = tag.green_shift,
                              .blue_shift = tag.blue_shift};
}

// On UEFI machines the RSDP is named by the system table and is not where a BIOS has it.
PhysAddr find_efi_rsdp(std::uint64_t system_table) {
    if (system_table >= reachable_end) {
        return PhysAddr{};
    }
    const auto* efi = static_cast<const std::byte*>(window(PhysAddr{system_table}));
    std::uint64_t count = 0;
    std::uint64_t tables = 0;
    std::memcpy(&count, efi + efi_table_count_offset, sizeof(count));
    std::memcpy(&tables, efi + efi_tables_offset, sizeof(tables));
    if (tables >= reachable_end) {
        return PhysAddr{};
    }
    const auto* table = static_cast<const EfiConfigurationTable*>(window(PhysAddr{tables}));
    for (std::uint64_t i = 0; i < count; ++i) {
        if (table[i].guid == acpi2_guid) {
            return PhysAddr{table[i].table};
        }
    }
    return PhysAddr{};
}

void read_tag(const Tag& tag, BootParameters& parameters, BootMemory& memory) {
    switch (tag.type) {
        case tag_command_line:
            copy_command_line(reinterpret_cast<const char*>(&tag + 1), parameters);
            break;
        case tag_module:
            if (parameters.archive.bytes() == 0) {
                const auto& module = as<ModuleTag>(tag);
                parameters.archive = {PhysAddr{module.begin}, PhysAddr{module.end}};
            }
            break;
        case tag_memory_map:  read_memory_map(as<MemoryMapTag>(tag), memory); break;
        case tag_framebuffer: read_framebuffer(as<FramebufferTag>(tag), parameters); break;
        case tag_efi64_system_table:
            parameters.rsdp = find_efi_rsdp(as<EfiTag>(tag).system_table);
            break;
        default: break;
    }
}

}  // namespace

void read_multiboot_info(PhysAddr info, BootParameters& parameters, BootMemory& memory) {
    const auto* begin = static_cast<const std::byte*>(window(info));
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, begin, sizeof(bytes));
    // The information starts with its length and a reserved word.
    for (std::size_t offset = 8; offset + sizeof(Tag) <= bytes;) {
        const Tag& tag = *reinterpret_cast<const Tag*>(begin + offset);
        if (tag.type == tag_end) {
            break;
        }
        read_tag(tag, parameters, memory);
        offset += base::align_up(tag.bytes, 8);
    }
    if (parameters.rsdp == PhysAddr{}) {
        parameters.rsdp = find_rsdp();
    }
}

}  // namespace arch
