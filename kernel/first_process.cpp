// SPDX-License-Identifier: MIT
#include "kernel/first_process.hpp"

#include <charconv>
#include <cstring>
#include <span>
#include <string_view>

#include <arch/cpus.hpp>
#include <arch/window.hpp>

#include "abi/kernel/boot_info.hpp"
#include "abi/kernel/operation.hpp"
#include "kernel/assert.hpp"
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

using Bytes = std::span<const std::byte>;

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

// ---- the archive: cpio "newc" (cpio(5)): a header of hexadecimal numbers, the name, the data, each padded to 4 ----

std::uint64_t hex_field(const char* header, std::size_t index) {
    constexpr std::size_t magic = 6;
    constexpr std::size_t digits = 8;
    const char* field = header + magic + index * digits;
    std::uint64_t value = 0;
    std::from_chars(field, field + digits, value, 16);
    return value;
}

Bytes find_in_archive(Bytes archive, std::string_view wanted) {
    constexpr std::size_t header_bytes = 110;
    constexpr std::size_t field_size = 6;
    constexpr std::size_t field_name_size = 11;
    std::uint64_t at = 0;
    while (base::range_fits(at, header_bytes, archive.size())) {
        const auto* header = reinterpret_cast<const char*>(archive.data() + at);
        const std::uint64_t size = hex_field(header, field_size);
        const std::uint64_t name_size = hex_field(header, field_name_size);
        const std::uint64_t data = base::align_up(at + header_bytes + name_size, 4);
        if (std::string_view(header, 6) != "070701" || name_size == 0 ||
            !base::range_fits(data, size, archive.size())) {
            break;
        }
        // Names may be padded with zeros, to put the data on a page boundary.
        std::string_view name(header + header_bytes, name_size - 1);
        name = name.substr(0, name.find('\0'));
        if (name.starts_with("./")) {
            name.remove_prefix(2);
        } else if (name.starts_with("/")) {
            name.remove_prefix(1);
        }
        if (name == wanted) {
            return archive.subspan(data, size);
        }
        at = base::align_up(data + size, 4);
    }
    return {};
}

// ---- ELF64 (System V ABI, chapters 4 and 5) -------------------------------------------------------------------------

struct ElfHeader {
    std::uint8_t ident[16];
    std::uint16_t type, machine;
    std::uint32_t version;
    std::uint64_t entry, program_offset, section_offset;
    std::uint32_t flags;
    std::uint16_t header_size, program_size, program_count;
    std::uint16_t section_size, section_count, section_names;
};
struct ElfSegment {
    std::uint32_t type, flags;
    std::uint64_t offset, address, physical, file_size, memory_size, alignment;
};
constexpr std::uint32_t segment_load = 1;
constexpr std::uint32_t segment_execute = 1;
constexpr std::uint32_t segment_write = 2;

void map(AddressSpace& space, Memory& memory, std::uint64_t start, std::uint64_t flags) {
    expect(space.map(AddressSpace::Mapping{.memory = memory,
                                           .start = start,
                                           .length = memory.bytes(),
                                           .first_page = 0,
                                           .flags = flags,
                                           .allowed = abi::all_rights}),
           "mapping");
}

void copy_into(Memory& memory, std::uint64_t offset, Bytes bytes) {
    while (!bytes.empty()) {
        const std::uint64_t in_page = offset % page_size;
        const std::size_t part = std::min<std::size_t>(bytes.size(), page_size - in_page);
        void* page = expect(memory.kernel_page(offset / page_size, true), "memory");
        std::memcpy(static_cast<std::byte*>(page) + in_page, bytes.data(), part);
        offset += part;
        bytes = bytes.subspan(part);
    }
}

void load_segment(AddressSpace& space, Bank& bank, Bytes file, const ElfSegment& segment) {
    if (!base::range_fits(segment.offset, segment.file_size, file.size()) ||
        segment.file_size > segment.memory_size) {
        kernel_panic("the file init in the archive is damaged\n");
    }
    const std::uint64_t start = base::align_down(segment.address, page_size);
    const std::uint64_t bytes =
        base::align_up(segment.address + segment.memory_size, page_size) - start;
    Memory& memory = *expect(Memory::create(bank, bytes, 0), "memory");
    copy_into(memory, segment.address - start, file.subspan(segment.offset, segment.file_size));
    std::uint64_t flags = abi::MapFlags::read;
    flags |= (segment.flags & segment_write) != 0 ? abi::MapFlags::write : 0;
    flags |= (segment.flags & segment_execute) != 0 ? abi::MapFlags::execute : 0;
    map(space, memory, start, flags);
}

std::uint64_t load_program(AddressSpace& space, Bank& bank, Bytes file) {
    ElfHeader header{};
    if (file.size() < sizeof(header)) {
        kernel_panic("there is no file init in the archive\n");
    }
    std::memcpy(&header, file.data(), sizeof(header));
    if (std::memcmp(header.ident, "\177ELF\2\1", 6) != 0 ||
        header.program_size != sizeof(ElfSegment) ||
        !base::range_fits(header.program_offset, header.program_count * sizeof(ElfSegment),
                          file.size())) {
        kernel_panic("the file init in the archive is not a program\n");
    }
    for (std::size_t i = 0; i < header.program_count; ++i) {
        ElfSegment segment{};
        std::memcpy(&segment, file.data() + header.program_offset + i * sizeof(segment),
                    sizeof(segment));
        if (segment.type == segment_load && segment.memory_size != 0) {
            load_segment(space, bank, file, segment);
        }
    }
    return header.entry;
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

SchedContext& make_context(Bank& root) {
    return *expect(root.make<SchedContext>(root, first_priority, Nanoseconds{0}, Nanoseconds{0}),
                   "context");
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
    const Bytes archive(static_cast<const std::byte*>(arch::window(parameters.archive.begin)),
                        parameters.archive.bytes());
    AddressSpace& space = *expect(AddressSpace::create(root), "address space");
    CapTable& table = *expect(CapTable::create(root, first_table_slots), "capability table");
    const std::uint64_t entry = load_program(space, root, find_in_archive(archive, "init"));

    Memory& stack = *expect(Memory::create(root, first_stack_bytes, 0), "stack");
    map(space, stack, first_stack_top - first_stack_bytes,
        abi::MapFlags::read | abi::MapFlags::write);
    Memory& pages = *expect(Memory::create(root, 2 * page_size, 0), "thread pages");
    map(space, pages, first_message_page, abi::MapFlags::read | abi::MapFlags::write);
    Thread& thread = *expect(
        Thread::create(
            root,
            Thread::Parts{
                .space = space, .table = table, .pages = pages, .page_offset = 0, .fpu = false}),
        "thread");
    SchedContext& context = make_context(root);
    thread.bind_context(&context);

    give(table, abi::boot_own_table, table);
    give(table, abi::boot_own_space, space);
    give(table, abi::boot_own_thread, thread);
    root.retain();  // its capability may come and go, the machine's memory stays
    give(table, abi::boot_bank, root);
    give(table, abi::boot_sched_context, context);
    give_devices(table, root);
    const PhysAddr archive_page{base::align_down(parameters.archive.begin.value(), page_size)};
    give(table, abi::boot_archive,
         *expect(Memory::adopt(root, archive_page, archive_pages * page_size), "archive"));
    give(table, abi::boot_info, make_boot_info(parameters, root), abi::MemoryRights::read);
    give(table, abi::boot_time_page, make_time_page(root));

    abi::Registers registers{};
    registers.rip = entry;
    registers.rsp = first_stack_top;
    registers.gs_base = first_message_page + page_size;
    if (!thread.load(registers)) {
        kernel_panic("the file init in the archive has no valid entry point\n");
    }
    thread.resume();
}

}  // namespace kernel
