// SPDX-License-Identifier: MIT
#include "kernel/plat/pc/acpi.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace plat {

namespace {

using Bytes = std::span<const std::byte>;

constexpr std::size_t rsdp_old_bytes = 20;
constexpr std::size_t rsdp_revision_offset = 15;
constexpr std::size_t rsdp_rsdt_offset = 16;
constexpr std::size_t rsdp_xsdt_offset = 24;

constexpr std::size_t table_length_offset = 4;
constexpr std::size_t table_header_bytes = 36;
constexpr std::uint32_t longest_table = 64 * 1024;

constexpr std::size_t madt_entries_offset = 44;
constexpr std::uint32_t cpu_enabled = 1;

enum MadtEntry : std::uint8_t {
    madt_cpu = 0,
    madt_io_apic = 1,
    madt_x2apic_cpu = 9,
};

// The bytes that an entry of a kind must have; 0: of no interest.
constexpr std::size_t least_bytes(std::uint8_t kind) {
    return kind == madt_cpu ? 8 : kind == madt_io_apic ? 12 : kind == madt_x2apic_cpu ? 16 : 0;
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

Bytes bytes_at(PhysAddr address, std::uint64_t count, ViewMemory view) {
    if (address == PhysAddr{} || address.value() > ~std::uint64_t{0} - longest_table) {
        return {};
    }
    const std::byte* at = view(address, count);
    return {at, at != nullptr ? count : 0};
}

// The whole table, its sum checked; empty if it is not one.
Bytes table_at(PhysAddr address, ViewMemory view) {
    const Bytes head = bytes_at(address, table_header_bytes, view);
    const auto length = head.empty() ? 0 : read<std::uint32_t>(head, table_length_offset);
    if (length < table_header_bytes || length > longest_table) {
        return {};
    }
    const Bytes whole = bytes_at(address, length, view);
    return !whole.empty() && sum_is_right(whole) ? whole : Bytes{};
}

Bytes find_madt(PhysAddr root, ViewMemory view) {
    const Bytes list = table_at(root, view);
    const bool is_long = !list.empty() && has_signature(list, "XSDT");
    const std::size_t step = is_long ? 8 : 4;
    for (std::size_t at = table_header_bytes; at + step <= list.size(); at += step) {
        const PhysAddr address{is_long ? read<std::uint64_t>(list, at)
                                       : read<std::uint32_t>(list, at)};
        const Bytes header = bytes_at(address, table_header_bytes, view);
        if (!header.empty() && has_signature(header, "APIC")) {
            return table_at(address, view);
        }
    }
    return {};
}

void add_cpu(std::uint32_t id, std::uint32_t flags, InterruptTopology& topology) {
    if ((flags & cpu_enabled) == 0 || std::ranges::contains(topology.cpus, id)) {
        return;
    }
    if (topology.cpus.full()) {
        ++topology.cpus_left_out;
    } else {
        topology.cpus.push_back(id);
    }
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
            if (!topology.io_apics.full()) {
                topology.io_apics.push_back(
                    {PhysAddr{read<std::uint32_t>(entry, 4)}, read<std::uint32_t>(entry, 8)});
            }
            break;
        default: break;
    }
}

}  // namespace

PhysAddr acpi_root(Bytes rsdp) {
    if (rsdp.size() < rsdp_old_bytes || !has_signature(rsdp, "RSD PTR ") ||
        !sum_is_right(rsdp.first(rsdp_old_bytes))) {
        return {};
    }
    if (read<std::uint8_t>(rsdp, rsdp_revision_offset) >= 2 && rsdp.size() >= rsdp_bytes &&
        sum_is_right(rsdp.first(rsdp_bytes))) {
        return PhysAddr{read<std::uint64_t>(rsdp, rsdp_xsdt_offset)};
    }
    return PhysAddr{read<std::uint32_t>(rsdp, rsdp_rsdt_offset)};
}

bool read_madt(Bytes madt, InterruptTopology& topology) {
    if (madt.size() < madt_entries_offset) {
        return false;
    }
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

InterruptTopology read_interrupt_topology(PhysAddr root, ViewMemory view) {
    InterruptTopology topology;
    if (root != PhysAddr{}) {
        const Bytes madt = find_madt(root, view);
        if (madt.empty() || !read_madt(madt, topology)) {
            topology = {};
            topology.damaged = true;
        }
    }
    if (topology.io_apics.empty()) {
        topology.io_apics.push_back({PhysAddr{0xfec00000}, 0});
    }
    return topology;
}

}  // namespace plat
