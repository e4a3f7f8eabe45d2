// SPDX-License-Identifier: MIT
#include "kernel/arch/x86_64/kernel_space.hpp"

#include <algorithm>

#include <arch/cpu.hpp>
#include <arch/page_tables.hpp>

#include "kernel/arch/x86_64/registers.hpp"
#include "kernel/arch/x86_64/stacks.hpp"
#include "kernel/assert.hpp"
#include "libs/base/align.hpp"

extern "C" const std::byte kernel_image_begin[], kernel_text_end[], kernel_rodata_end[],
    kernel_image_end[];

namespace arch {

namespace {

using Table = PageTables::Table;

alignas(4096) constinit Table root_table{};
constinit Table* device_table = nullptr;
constinit std::size_t device_pages_used = 0;

constexpr std::uint64_t page = base::page_size;
constexpr std::uint64_t flags_table = Entry::bit_present | Entry::bit_write;
constexpr std::uint64_t flags_text = Entry::bit_present | Entry::bit_global;
constexpr std::uint64_t flags_rodata = flags_text | Entry::bit_no_execute;
constexpr std::uint64_t flags_data = flags_rodata | Entry::bit_write;

Table& table_of(Entry entry) { return *static_cast<Table*>(window(entry.frame())); }
std::uint64_t address_of(const std::byte* symbol) {
    return reinterpret_cast<std::uint64_t>(symbol);
}

// The entry for this address in the table of this level (0: 4 KiB pages), making tables on the way of frames from allocate()
// -> Result<PhysAddr>. Null: that has none left.
template <class Allocate>
Entry* find_slot(std::uint64_t address, int level, Allocate allocate) {
    Table* table = &root_table;
    for (int above = 3; above > level; --above) {
        Entry& entry = (*table)[(address >> (12 + 9 * above)) & 511];
        if (!entry.present()) {
            const auto made = allocate();
            if (!made) {
                return nullptr;
            }
            entry = Entry::from_raw(made->value() | flags_table);
        }
        table = &table_of(entry);
    }
    return &(*table)[(address >> (12 + 9 * level)) & 511];
}

// The same while the kernel boots.
Entry& boot_slot(BootMemory& memory, std::uint64_t address, int level) {
    return *find_slot(address, level,
                      [&] { return kernel::Result<PhysAddr>(memory.allocate_frame()); });
}

// Maps with the largest pages that fit.
void map(BootMemory& memory, std::uint64_t to, PhysAddr from, std::uint64_t bytes,
         std::uint64_t flags) {
    const auto size = [](int level) { return std::uint64_t{1} << (12 + 9 * level); };
    const bool has_huge_pages = (cpuid(0x80000001).edx & (1U << 26)) != 0;
    while (bytes > 0) {
        int level = has_huge_pages ? 2 : 1;
        while (level > 0 &&
               (!base::is_aligned(to | from.value(), size(level)) || bytes < size(level))) {
            --level;
        }
        const std::uint64_t large = level > 0 ? Entry::bit_large : 0;
        boot_slot(memory, to, level) = Entry::from_raw(from.value() | flags | large);
        to += size(level);
        from += size(level);
        bytes -= size(level);
    }
}

// All RAM, writable but for the pages in which the kernel's text and constants lie.
void map_window(BootMemory& memory, const BootParameters& parameters) {
    const PhysAddr fixed_begin = physical(kernel_image_begin);
    const PhysAddr fixed_end = physical(kernel_rodata_end);
    const auto map_part = [&](PhysAddr begin, PhysAddr end, std::uint64_t flags) {
        if (begin < end) {
            map(memory, window_begin + begin.value(), begin, end - begin, flags);
        }
    };
    for (const PhysRange& ram : parameters.ram) {
        map_part(ram.begin, std::min(ram.end, fixed_begin), flags_data);
        map_part(std::max(ram.begin, fixed_begin), std::min(ram.end, fixed_end), flags_rodata);
        map_part(std::max(ram.begin, fixed_end), ram.end, flags_data);
    }
}

void map_image(BootMemory& memory) {
    const auto map_part = [&](const std::byte* begin, const std::byte* end, std::uint64_t flags) {
        map(memory, address_of(begin), physical(begin), address_of(end) - address_of(begin), flags);
    };
    map_part(kernel_image_begin, kernel_text_end, flags_text);
    map_part(kernel_text_end, kernel_rodata_end, flags_rodata);
    map_part(kernel_rodata_end, kernel_image_end, flags_data);
    boot_slot(memory, address_of(boot_stack_guard), 0).clear();
}

}  // namespace

PhysAddr build_kernel_space(const BootParameters& parameters, BootMemory& memory, Cpu& boot_cpu) {
    map_window(memory, parameters);
    map_image(memory);
    (void)make_stacks(boot_cpu, [&](std::uint64_t address) {
        map(memory, address, memory.allocate_frame(), page, flags_data);
        return true;
    });
    // One table of 512 pages for everything that map_registers will be asked for.
    Entry& device_slot = boot_slot(memory, device_begin, 0);
    device_table = reinterpret_cast<Table*>(
        base::align_down(reinterpret_cast<std::uint64_t>(&device_slot), page));
    return physical(&root_table);
}

// The tables of all spaces see it: the tables of the highest level hold nothing but the same pointers to the next.
bool map_new_page(std::uint64_t address) {
    Entry* slot = find_slot(address, 0, [] { return kernel::mm::frames.take_zeroed(); });
    const auto frame = kernel::mm::frames.take_zeroed();
    if (slot == nullptr || !frame) {
        return false;
    }
    *slot = Entry::from_raw(frame->value() | flags_data);
    return true;
}

PhysAddr kernel_root() { return physical(&root_table); }

volatile std::uint32_t* map_registers(PhysAddr address) {
    ASSERT(device_pages_used < device_table->size());
    const std::uint64_t inside = address.value() % page;
    Entry& entry = (*device_table)[device_pages_used];
    entry = Entry::from_raw((address.value() - inside) | flags_data | Entry::memory_type_uncached);
    return reinterpret_cast<volatile std::uint32_t*>(device_begin + device_pages_used++ * page +
                                                     inside);
}

void PageTables::initialise_root(PhysAddr frame) {
    Table& to = table(frame);
    std::copy(root_table.begin() + 256, root_table.end(), to.begin() + 256);
}

}  // namespace arch
