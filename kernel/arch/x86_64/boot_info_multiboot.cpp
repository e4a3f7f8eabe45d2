// SPDX-License-Identifier: MIT
// The multiboot2 protocol: what GRUB leaves (multiboot2 specification, 3.6). A list of tags, each 8-byte aligned.
#include <cstring>

#include <arch/window.hpp>

#include "kernel/arch/x86_64/boot_info.hpp"
#include "kernel/plat/pc/acpi.hpp"
#include "libs/base/align.hpp"

namespace arch {

namespace {

enum TagType : std::uint32_t {
    tag_end = 0,
    tag_command_line = 1,
    tag_module = 3,
    tag_memory_map = 6,
    tag_framebuffer = 8,
    tag_acpi_old = 14,  // a copy of the RSDP, as ACPI 1.0 has it
    tag_acpi_new = 15,  // the same, as later versions do
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

void read_tag(const Tag& tag, BootParameters& parameters, BootMemory& memory) {
    switch (tag.type) {
        case tag_command_line:
            copy_command_line(reinterpret_cast<const char*>(&tag + 1), parameters);
            break;
        case tag_module:
            if (parameters.archive.bytes() == 0) {
                const auto& module = static_cast<const ModuleTag&>(tag);
                parameters.archive = {PhysAddr{module.begin}, PhysAddr{module.end}};
            }
            break;
        case tag_memory_map: read_memory_map(static_cast<const MemoryMapTag&>(tag), memory); break;
        case tag_framebuffer:
            read_framebuffer(static_cast<const FramebufferTag&>(tag), parameters);
            break;
        case tag_acpi_old:
        case tag_acpi_new:
            // Where both are, the new one comes last.
            parameters.acpi_root = plat::acpi_root(
                {reinterpret_cast<const std::byte*>(&tag + 1), tag.bytes - sizeof(Tag)});
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
}

}  // namespace arch
