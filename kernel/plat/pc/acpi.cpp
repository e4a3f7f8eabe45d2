// SPDX-License-Identifier: MIT
#include "kernel/plat/pc/acpi.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace plat {

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t rsdp_bytes = 36;
constexpr std::size_t rsdp_old_bytes = 20;
constexpr std::size_t rsdp_revision_offset = 15;
constexpr std::size_t rsdp_rsdt_offset = 16;
constexpr std::size_t rsdp_xsdt_offset = 24;

constexpr std::size_t table_length_offset = 4;
constexpr std::size_t table_header_bytes = 36;
constexpr std::uint32_t longest_table = 64 * 1024;
// Each table that is looked at takes a page of the kernel's room for devices, for ever.
constexpr std::size_t most_tables = 64;

constexpr std::size_t madt_local_apic_offset = 36;
constexpr std::size_t madt_entries_offset = 44;
constexpr std::uint32_t cpu_enabled = 1;

enum MadtEntry : std::uint8_t {
    madt_cpu = 0,
    madt_io_apic = 1,
    madt_override = 2,
    madt_local_apic_address = 5,
    madt_x2apic_cpu = 9,
};

// The bytes that an entry of a kind must have; 0: of no interest.
constexpr std::size_t least_bytes(std::uint8_t kind) {
    switch (kind) {
        case madt_cpu:                return 8;
        case madt_io_apic:            return 12;
        case madt_override:           return 10;
        case madt_local_apic_address: return 12;
        case madt_x2apic_cpu:         return 16;
        default:                      return 0;
    }
}

template <class T>
T read(Bytes from, std::size_t offset) {
    T value{};
    std::memcpy(&value, from.subspan(offset, sizeof(value)).data(), sizeof(value));
    return value;
}

bool sum_is_right(Bytes bytes) {
    std::uint8_t sum = 0;
    for (const std::byte byte : bytes) {
        sum = static_cast<std::uint8_t>(sum + std::to_integer<std::uint8_t>(byte));
    }
    return sum == 0;
}

bool has_signature(Bytes table, std::string_view signature) {
    return std::memcmp(table.data(), signature.data(), signature.size()) == 0;
}

// Tables often share pages: what was mapped last is not mapped again.
class TableReader {
public:
    explicit TableReader(MapTable map) : map_(map) {}

    // Only the header is promised to be a table's; empty: it cannot be read.
    Bytes header(PhysAddr address) { return bytes(address, table_header_bytes); }

    // The whole table, its sum checked; empty if it is not one.
    Bytes table(PhysAddr address) {
        const Bytes head = header(address);
        if (head.empty()) {
            return {};
        }
        const auto length = read<std::uint32_t>(head, table_length_offset);
        if (length < table_header_bytes || length > longest_table) {
            return {};
        }
        const Bytes whole = bytes(address, length);
        return !whole.empty() && sum_is_right(whole) ? whole : Bytes{};
    }

    Bytes bytes(PhysAddr address, std::uint64_t count) {
        constexpr std::uint64_t in_page = 0xfff;
        if (address == PhysAddr{} ||
            address.value() > ~std::uint64_t{0} - longest_table - in_page) {
            return {};
        }
        if (address < begin_ || address + count > end_) {
            const PhysAddr begin{address.value() & ~in_page};
            const PhysAddr end{(address.value() + count + in_page) & ~in_page};
            const std::byte* at = map_(begin, end - begin);
            if (at == nullptr) {
                return {};
            }
            mapped_ = at;
            begin_ = begin;
            end_ = end;
        }
        return {mapped_ + (address - begin_), static_cast<std::size_t>(count)};
    }

private:
    MapTable map_;
    const std::byte* mapped_ = nullptr;
    PhysAddr begin_{};
    PhysAddr end_{};
};

// The list of tables: 32-bit addresses (RSDT), or 64-bit ones (XSDT).
struct Root {
    Bytes table;
    std::size_t entry_bytes = 0;
};

Root find_root(PhysAddr rsdp, TableReader& reader) {
    const Bytes pointer = reader.bytes(rsdp, rsdp_bytes);
    if (pointer.empty() || !has_signature(pointer, "RSD PTR ") ||
        !sum_is_right(pointer.first(rsdp_old_bytes))) {
        return {};
    }
    if (read<std::uint8_t>(pointer, rsdp_revision_offset) >= 2 && sum_is_right(pointer)) {
        return {reader.table(PhysAddr{read<std::uint64_t>(pointer, rsdp_xsdt_offset)}), 8};
    }
    return {reader.table(PhysAddr{read<std::uint32_t>(pointer, rsdp_rsdt_offset)}), 4};
}

Bytes find_madt(PhysAddr rsdp, MapTable map) {
    TableReader roots(map);
    const Root root = find_root(rsdp, roots);
    TableReader reader(map);
    std::size_t looked_at = 0;
    for (std::size_t at = table_header_bytes;
         at + root.entry_bytes <= root.table.size() && looked_at < most_tables;
         at += root.entry_bytes, ++looked_at) {
        const PhysAddr address{root.entry_bytes == 8 ? read<std::uint64_t>(root.table, at)
                                                     : read<std::uint32_t>(root.table, at)};
        const Bytes header = reader.header(address);
        if (!header.empty() && has_signature(header, "APIC")) {
            return reader.table(address);
        }
    }
    return {};
}

void add_cpu(std::uint32_t id, std::uint32_t flags, InterruptTopology& topology) {
    const auto known = std::span(topology.cpus).first(topology.cpu_count);
    if ((flags & cpu_enabled) == 0 || std::ranges::contains(known, id)) {
        return;
    }
    if (topology.cpu_count == most_cpus) {
        ++topology.cpus_left_out;
        return;
    }
    topology.cpus[topology.cpu_count++] = id;
}

void read_entry(Bytes entry, InterruptTopology& topology) {
    switch (read<std::uint8_t>(entry, 0)) {
        case madt_cpu:
            add_cpu(read<std::uint8_t>(entry, 3), read<std::uint32_t>(entry, 4), topology);
            break;
        case madt_x2apic_cpu:
            add_cpu(read<std::uint32_t>(entry, 4), read<std::uint32_t>(entry, 8), topology);
            break;
        case madt_io_apic:
            if (topology.io_apic_count < topology.io_apics.size()) {
                topology.io_apics[topology.io_apic_count++] = {
                    PhysAddr{read<std::uint32_t>(entry, 4)}, read<std::uint32_t>(entry, 8)};
            }
            break;
        case madt_override:
            if (topology.override_count < topology.overrides.size()) {
                // Bits 0-1 polarity, 2-3 trigger mode; 3 means low and level; 0 means as the (ISA) bus has it.
                const auto flags = read<std::uint16_t>(entry, 8);
                topology.overrides[topology.override_count++] = {
                    read<std::uint8_t>(entry, 3), read<std::uint32_t>(entry, 4),
                    (flags >> 2 & 3) == 3, (flags & 3) == 3};
            }
            break;
        case madt_local_apic_address:
            topology.local_apic = PhysAddr{read<std::uint64_t>(entry, 4)};
            break;
        default: break;
    }
}

}  // namespace

bool read_madt(Bytes madt, InterruptTopology& topology) {
    if (madt.size() < madt_entries_offset) {
        return false;
    }
    topology.local_apic = PhysAddr{read<std::uint32_t>(madt, madt_local_apic_offset)};
    for (Bytes rest = madt.subspan(madt_entries_offset); !rest.empty();) {
        const std::size_t length = rest.size() < 2 ? 0 : read<std::uint8_t>(rest, 1);
        if (length < 2 || length > rest.size() ||
            length < least_bytes(read<std::uint8_t>(rest, 0))) {
            return false;
        }
        read_entry(rest.first(length), topology);
        rest = rest.subspan(length);
    }
    return true;
}

InterruptTopology read_interrupt_topology(PhysAddr rsdp, MapTable map) {
    InterruptTopology topology;
    if (rsdp != PhysAddr{}) {
        const Bytes madt = find_madt(rsdp, map);
        if (madt.empty() || !read_madt(madt, topology)) {
            topology = {};
            topology.damaged = true;
        }
    }
    if (topology.io_apic_count == 0) {
        topology.io_apics[topology.io_apic_count++] = {PhysAddr{0xfec00000}, 0};
    }
    return topology;
}

}  // namespace plat
