// SPDX-License-Identifier: MIT
#include "kernel/plat/pc/acpi.hpp"

#include <cstring>
#include <string_view>

#include "kernel/arch/x86_64/kernel_space.hpp"

namespace plat {

namespace {

using arch::DeviceMapping;

constexpr std::size_t rsdp_bytes = 36;
constexpr std::size_t rsdp_revision_offset = 15;
constexpr std::size_t rsdp_rsdt_offset = 16;
constexpr std::size_t rsdp_xsdt_offset = 24;

constexpr std::size_t table_length_offset = 4;
constexpr std::size_t table_header_bytes = 36;
constexpr std::uint32_t longest_table = 64 * 1024;

constexpr std::size_t madt_local_apic_offset = 36;
constexpr std::size_t madt_entries_offset = 44;
constexpr std::uint8_t madt_io_apic = 1;
constexpr std::uint8_t madt_override = 2;
constexpr std::uint8_t madt_local_apic_address = 5;

template <class T>
T read(const std::byte* at, std::size_t offset) {
    T value{};
    std::memcpy(&value, at + offset, sizeof(value));
    return value;
}

struct AcpiTable {
    const std::byte* bytes = nullptr;
    std::uint32_t length = 0;

    [[nodiscard]] bool is(std::string_view signature) const {
        return bytes != nullptr && std::memcmp(bytes, signature.data(), signature.size()) == 0;
    }
};

// Tables often share pages: one page that was mapped for the last table is not mapped again.
class TableReader {
public:
    AcpiTable table(PhysAddr address) {
        const std::byte* header = map(address, table_header_bytes);
        if (header == nullptr) {
            return {};
        }
        const auto length = read<std::uint32_t>(header, table_length_offset);
        if (length < table_header_bytes || length > longest_table) {
            return {};
        }
        return {map(address, length), length};
    }

    const std::byte* map(PhysAddr address, std::uint64_t bytes) {
        if (address < mapped_begin_ || address + bytes > mapped_end_) {
            const PhysAddr begin{address.value() & ~std::uint64_t{0xfff}};
            const PhysAddr end{(address.value() + bytes + 0xfff) & ~std::uint64_t{0xfff}};
            void* at = arch::map_device(begin, end - begin, DeviceMapping::firmware_tables);
            if (at == nullptr) {
                return nullptr;
            }
            mapped_ = static_cast<const std::byte*>(at);
            mapped_begin_ = begin;
            mapped_end_ = end;
        }
        return mapped_ + (address - mapped_begin_);
    }

private:
    const std::byte* mapped_ = nullptr;
    PhysAddr mapped_begin_{};
    PhysAddr mapped_end_{};
};

AcpiTable find_madt(PhysAddr rsdp) {
    TableReader roots;
    const std::byte* pointer = roots.map(rsdp, rsdp_bytes);
    if (pointer == nullptr) {
        return {};
    }
    const bool extended = read<std::uint8_t>(pointer, rsdp_revision_offset) >= 2;
    const std::size_t entry_bytes = extended ? 8 : 4;
    const PhysAddr root_address{extended ? read<std::uint64_t>(pointer, rsdp_xsdt_offset)
                                         : read<std::uint32_t>(pointer, rsdp_rsdt_offset)};
    const AcpiTable root = roots.table(root_address);
    TableReader reader;
    for (std::size_t at = table_header_bytes;
         root.bytes != nullptr && at + entry_bytes <= root.length; at += entry_bytes) {
        const PhysAddr address{extended ? read<std::uint64_t>(root.bytes, at)
                                        : read<std::uint32_t>(root.bytes, at)};
        const AcpiTable table = reader.table(address);
        if (table.is("APIC")) {
            return table;
        }
    }
    return {};
}

void read_entry(const std::byte* entry, InterruptTopology& topology) {
    switch (read<std::uint8_t>(entry, 0)) {
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

InterruptTopology read_interrupt_topology(PhysAddr rsdp) {
    InterruptTopology topology;
    const AcpiTable madt = rsdp == PhysAddr{} ? AcpiTable{} : find_madt(rsdp);
    if (madt.bytes != nullptr) {
        topology.local_apic = PhysAddr{read<std::uint32_t>(madt.bytes, madt_local_apic_offset)};
        for (std::size_t at = madt_entries_offset; at + 2 <= madt.length;) {
            const auto length = read<std::uint8_t>(madt.bytes, at + 1);
            if (length < 2 || at + length > madt.length) {
                break;
            }
            read_entry(madt.bytes + at, topology);
            at += length;
        }
    }
    if (topology.io_apic_count == 0) {
        topology.io_apics[topology.io_apic_count++] = {PhysAddr{0xfec00000}, 0};
    }
    return topology;
}

}  // namespace plat
