// SPDX-License-Identifier: MIT
// The PVH boot protocol: what QEMU's -kernel and micro-VMs leave (Xen, public/arch-x86/hvm/start_info.h).
#include <arch/window.hpp>

#include "kernel/arch/x86_64/boot_info.hpp"
#include "kernel/panic.hpp"
#include "kernel/plat/pc/acpi.hpp"

namespace arch {

namespace {

constexpr std::uint32_t start_magic = 0x336ec578;

struct StartInfo {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t flags;
    std::uint32_t module_count;
    std::uint64_t modules;
    std::uint64_t command_line;
    std::uint64_t rsdp;
    std::uint64_t memory_map;  // from version 1 on
    std::uint32_t memory_map_count;
    std::uint32_t reserved;
};
template <class T>
const T* at(std::uint64_t address) {
    return static_cast<const T*>(window(PhysAddr{address}));
}

}  // namespace

void read_pvh_info(PhysAddr info, BootParameters& parameters, BootMemory& memory) {
    const auto& start = *at<StartInfo>(info.value());
    if (start.magic != start_magic || start.version < 1) {
        kernel_panic("the loader left no PVH start info with a memory map\n");
    }
    const auto* map = at<MemoryMapEntry>(start.memory_map);
    for (std::uint32_t i = 0; i < start.memory_map_count; ++i) {
        if (map[i].type == memory_type_ram) {
            memory.add_ram(map[i].address, map[i].bytes);
        }
    }
    if (start.module_count > 0) {
        // hvm_modlist_entry begins with its address and its length.
        const auto* archive = at<std::uint64_t>(start.modules);
        parameters.archive = {PhysAddr{archive[0]}, PhysAddr{archive[0] + archive[1]}};
    }
    if (start.command_line != 0) {
        copy_command_line(at<char>(start.command_line), parameters);
    }
    if (start.rsdp != 0) {
        parameters.acpi_root = plat::acpi_root({at<std::byte>(start.rsdp), plat::rsdp_bytes});
    }
}

}  // namespace arch
