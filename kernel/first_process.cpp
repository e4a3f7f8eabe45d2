// SPDX-License-Identifier: MIT
#include "kernel/first_process.hpp"

#include <cstring>
#include <string_view>

#include <arch/cpus.hpp>

#include "abi/kernel/boot_image.hpp"
#include "abi/kernel/boot_info.hpp"
#include "abi/kernel/operation.hpp"
#include "kernel/mm/frame_pool.hpp"
#include "kernel/object/address_space.hpp"
#include "kernel/object/bank.hpp"
#include "kernel/object/cap_table.hpp"
#include "kernel/object/interrupt.hpp"
#include "kernel/object/io_ports.hpp"
#include "kernel/object/log.hpp"
#include "kernel/object/memory.hpp"
#include "kernel/object/sched_context.hpp"
#include "kernel/object/thread.hpp"
#include "kernel/panic.hpp"
#include "kernel/plat/platform.hpp"
#include "libs/base/align.hpp"

namespace kernel {

namespace {

using base::page_size;

constinit std::uint64_t archive_pages = 0;

constexpr std::uint32_t first_table_slots = 1024;
constexpr std::uint8_t first_priority = 255;  // the ceiling of all others
constexpr std::uint64_t device_memory_bytes = std::uint64_t{1} << 46;

template <class T>
T expect(Result<T> result, std::string_view what) {
    if (!result) {
        kernel_panic("cannot start the first process: ", what, ", error ",
                     static_cast<std::uint32_t>(result.error()), "\n");
    }
    if constexpr (!std::is_void_v<T>) {
        return *result;
    }
}

void map(AddressSpace& space, Memory& memory, std::uint64_t start, std::uint64_t flags) {
    expect(space.map({.memory = &memory,
                      .start = start,
                      .end = start + memory.bytes(),
                      .flags = flags,
                      .allowed = abi::all_rights}),
           "mapping");
}

// -> its entry point
std::uint64_t load_program(AddressSpace& space, Bank& bank, Memory& archive) {
    const auto& image = *static_cast<const abi::BootImage*>(
        expect(archive.kernel_page(abi::BootImage::archive_page, false), "archive"));
    if (image.magic != abi::BootImage::magic_value) {
        kernel_panic("the archive does not begin with a program for the kernel to start\n");
    }
    for (const auto& part : image.parts) {
        if (part.pages != 0) {
            Memory& memory =
                *expect(archive.clone(bank, part.archive_page, part.archive_pages), "memory");
            std::uint64_t progress = 0;
            Work work;
            expect(memory.resize(part.pages, progress, work), "memory");
            map(space, memory, part.address, part.flags);
        }
    }
    return image.entry;
}

// ---- capabilities ---------------------------------------------------------------------------------------------------

void give(CapTable& table, abi::BootCapability index, Object& object,
          std::uint8_t rights = abi::all_rights) {
    make_root_capability(*expect(table.take_slot(index), "capabilities"), object, rights);
}

Memory& make_boot_info(const BootParameters& parameters, Bank& root) {
    Memory& memory = *expect(Memory::create(root, page_size, 0), "memory");
    auto& info = *static_cast<abi::BootInfo*>(expect(memory.kernel_page(0, true), "memory"));
    info.memory_bytes = parameters.ram_bytes();
    info.archive_bytes = parameters.archive.bytes();
    info.acpi_root = parameters.acpi_root.value();
    info.kernel_entry_tsc = parameters.entry_tsc;
    info.framebuffer = parameters.framebuffer;
    std::memcpy(info.command_line, parameters.command_line.data(), sizeof(info.command_line));
    return memory;
}

Memory& make_time_page(Bank& root) {
    Memory& memory = *expect(Memory::create(root, page_size, 0), "memory");
    auto& page = *static_cast<abi::TimePage*>(expect(memory.kernel_page(0, true), "memory"));
    plat::fill_time_page(page);
    page.cpus = arch::cpu_count();
    return memory;
}

void give_devices(CapTable& table, Bank& root) {
    constexpr std::uint32_t port_count = 65536;
    give(table, abi::boot_io_ports, *expect(root.make<IoPorts>(root, 0U, port_count), "ports"));
    give(table, abi::boot_interrupt_control,
         *expect(root.make<InterruptControl>(root), "interrupts"));
    // Windows of it are refused where there is RAM (MemoryOp::window), and it cannot be mapped itself.
    give(table, abi::boot_physical_memory,
         *expect(Memory::create_physical(root, PhysAddr{0}, device_memory_bytes), "device memory"),
         abi::MemoryRights::physical);
    give(table, abi::boot_log, *expect(root.make<Log>(root), "log"));
}

}  // namespace

void adopt_archive(const BootParameters& parameters) {
    const std::uint64_t begin = base::align_down(parameters.archive.begin.value(), page_size);
    archive_pages = (base::align_up(parameters.archive.end.value(), page_size) - begin) / page_size;
    mm::frames.adopt(PhysAddr{begin}, archive_pages);
}

std::uint64_t archive_frames() { return archive_pages; }

void start_first_process(const BootParameters& parameters, Bank& root) {
    if (parameters.archive.bytes() == 0) {
        kernel_panic("the boot loader brought no initial archive\n");
    }
    const PhysAddr archive_begin{base::align_down(parameters.archive.begin.value(), page_size)};
    Memory& archive =
        *expect(Memory::adopt(root, archive_begin, archive_pages * page_size), "archive");
    AddressSpace& space = *expect(AddressSpace::create(root), "address space");
    CapTable& table = *expect(CapTable::create(root, first_table_slots), "capability table");
    const std::uint64_t entry = load_program(space, root, archive);

    Memory& stack = *expect(Memory::create(root, first_stack_bytes, 0), "stack");
    map(space, stack, first_stack_top - first_stack_bytes,
        abi::MapFlags::read | abi::MapFlags::write);
    Memory& pages = *expect(Memory::create(root, 2 * page_size, 0), "thread pages");
    map(space, pages, first_message_page, abi::MapFlags::read | abi::MapFlags::write);
    const Thread::Parts parts{
        .space = space, .table = table, .pages = pages, .page_offset = 0, .fpu = false};
    Thread& thread = *expect(Thread::create(root, parts), "thread");
    SchedContext& context = *expect(
        root.make<SchedContext>(root, first_priority, Nanoseconds{0}, Nanoseconds{0}), "context");
    thread.bind_context(&context);

    give(table, abi::boot_own_table, table);
    give(table, abi::boot_own_space, space);
    give(table, abi::boot_own_thread, thread);
    root.retain();  // its capability may come and go, the machine's memory stays
    give(table, abi::boot_bank, root);
    give(table, abi::boot_sched_context, context);
    give_devices(table, root);
    give(table, abi::boot_archive, archive);
    give(table, abi::boot_info, make_boot_info(parameters, root), abi::MemoryRights::read);
    give(table, abi::boot_time_page, make_time_page(root));

    abi::Registers registers{};
    registers.rip = entry;
    registers.rsp = first_stack_top;
    registers.gs_base = first_message_page + page_size;
    if (!thread.load(registers)) {
        kernel_panic("the program in the archive has no valid entry point\n");
    }
    thread.resume();
}

}  // namespace kernel
