// SPDX-License-Identifier: MIT
// From the first C++ instruction, on the boot page tables, to kernel_main in the final address space.
#include <string_view>

#include <arch/cpu.hpp>
#include <arch/speculation.hpp>

#include "kernel/arch/x86_64/boot_info.hpp"
#include "kernel/arch/x86_64/kernel_space.hpp"
#include "kernel/arch/x86_64/stack_protector.hpp"
#include "kernel/arch/x86_64/traps.hpp"
#include "kernel/plat/platform.hpp"

extern "C" const std::byte kernel_image_begin[], kernel_image_end[], kernel_boot_tables_end[];
extern "C" const std::uint64_t boot_entry_tsc;

namespace arch {

namespace {

constexpr std::uint32_t multiboot_booted = 0x36d76289;

constinit BootParameters boot_parameters{};
constinit Cpu boot_cpu;

}  // namespace

void copy_command_line(const char* text, BootParameters& parameters) {
    auto& to = parameters.command_line;
    std::string_view(text).copy(to.data(), to.size() - 1);
}

}  // namespace arch

// protocol: the magic number of multiboot2, or 0 for PVH. info: what it points to, by physical address.
extern "C" [[noreturn, gnu::no_stack_protector]] void boot_main(std::uint32_t protocol,
                                                                std::uint32_t info) {
    arch::choose_stack_guard();
    BootParameters& parameters = arch::boot_parameters;
    arch::BootMemory memory(parameters);
    arch::require_cpu_features();
    arch::prepare_speculation_controls();
    parameters.entry_tsc = boot_entry_tsc;

    if (protocol == arch::multiboot_booted) {
        arch::read_multiboot_info(PhysAddr{info}, parameters, memory);
    } else {
        arch::read_pvh_info(PhysAddr{info}, parameters, memory);
    }
    plat::read_firmware_tables(parameters.acpi_root);
    memory.finish_ram();
    memory.reserve(PhysAddr{0}, PhysAddr{4096});
    memory.reserve(arch::physical(kernel_image_begin), arch::physical(kernel_boot_tables_end));
    memory.reserve(parameters.archive.begin, parameters.archive.end);

    parameters.boot_page = memory.allocate_low_frame();

    const PhysAddr root = arch::build_kernel_space(parameters, memory, arch::boot_cpu);
    arch::initialise_traps();
    arch::initialise_cpu(arch::boot_cpu, root);
    if (!parameters.free.full()) {  // the boot page tables are free memory now
        parameters.free.push_back(
            {arch::physical(kernel_image_end), arch::physical(kernel_boot_tables_end)});
    }
    kernel_main(parameters);
}
