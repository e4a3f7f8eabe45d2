// SPDX-License-Identifier: MIT
// ACPI tables as firmware should write them, and as it should not.
#include "kernel/plat/pc/acpi.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <span>
#include <vector>

namespace {

using plat::InterruptTopology;

// Physical memory from `memory_base` on: the RSDP at its start.
constexpr std::uint64_t memory_base = 0x10000;
std::vector<std::byte> memory;

const std::byte* view_memory(PhysAddr begin, std::uint64_t bytes) {
    if (begin.value() < memory_base || begin.value() - memory_base > memory.size() ||
        bytes > memory.size() - (begin.value() - memory_base)) {
        return nullptr;
    }
    return memory.data() + (begin.value() - memory_base);
}

template <class T>
void put(std::uint64_t address, T value) {
    std::memcpy(memory.data() + (address - memory_base), &value, sizeof(value));
}
void put_text(std::uint64_t address, const char* text) {
    std::memcpy(memory.data() + (address - memory_base), text, std::strlen(text));
}

// Makes the sum of [address, address + bytes) zero by its byte `at`.
void fix_sum(std::uint64_t address, std::size_t bytes, std::size_t at) {
    put<std::uint8_t>(address + at, 0);
    std::uint8_t sum = 0;
    for (std::size_t i = 0; i < bytes; ++i) {
        sum = static_cast<std::uint8_t>(
            sum + std::to_integer<std::uint8_t>(memory[address - memory_base + i]));
    }
    put<std::uint8_t>(address + at, static_cast<std::uint8_t>(-sum));
}

constexpr std::uint64_t root_at = memory_base + 0x1000;
constexpr std::uint64_t other_at = memory_base + 0x2000;
constexpr std::uint64_t madt_at = memory_base + 0x3000;

using Entry = std::vector<std::uint8_t>;
Entry cpu(std::uint8_t id, std::uint8_t flags = 1) { return {0, 8, id, id, flags, 0, 0, 0}; }
Entry x2apic_cpu(std::uint32_t id) {
    Entry entry{9, 16, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
    std::memcpy(entry.data() + 4, &id, sizeof(id));
    return entry;
}
const Entry io_apic{1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0};
const Entry timer_override{2, 10, 0, 0, 2, 0, 0, 0, 0xf, 0};

void put_table(std::uint64_t address, const char* name, std::uint32_t length) {
    put_text(address, name);
    put(address + 4, length);
    fix_sum(address, length, 9);
}

// An RSDP (revision 2), an XSDT of two tables, of which the second is a MADT with these entries.
void build(const std::vector<Entry>& entries) {
    memory.assign(0x10000, std::byte{0});
    put_text(memory_base, "RSD PTR ");
    put<std::uint8_t>(memory_base + 15, 2);
    put<std::uint32_t>(memory_base + 20, 36);
    put<std::uint64_t>(memory_base + 24, root_at);
    fix_sum(memory_base, 20, 8);
    fix_sum(memory_base, 36, 32);
    put<std::uint64_t>(root_at + 36, other_at);
    put<std::uint64_t>(root_at + 44, madt_at);
    put_table(root_at, "XSDT", 52);
    put_table(other_at, "FACP", 36);
    put<std::uint32_t>(madt_at + 36, 0xfee00000);
    std::uint64_t at = madt_at + 44;
    for (const Entry& entry : entries) {
        std::memcpy(memory.data() + (at - memory_base), entry.data(), entry.size());
        at += entry.size();
    }
    put_table(madt_at, "APIC", static_cast<std::uint32_t>(at - madt_at));
}

InterruptTopology look() {
    const PhysAddr root = plat::acpi_root(std::span(memory).first(plat::rsdp_bytes));
    return plat::read_interrupt_topology(root, view_memory);
}

void expect_one_cpu(const InterruptTopology& found) {
    EXPECT_TRUE(found.damaged);
    EXPECT_EQ(found.cpus.size(), 0U);
    EXPECT_EQ(found.io_apics.size(), 1U);
    EXPECT_EQ(found.io_apics[0].address, PhysAddr{0xfec00000});
}

}  // namespace

TEST(acpi, finds_cpus_and_interrupt_controllers) {
    build({cpu(0), cpu(2), io_apic, timer_override, x2apic_cpu(300)});
    const InterruptTopology found = look();
    EXPECT_FALSE(found.damaged);
    ASSERT_EQ(found.cpus.size(), 3U);
    EXPECT_EQ(found.cpus[0], 0U);
    EXPECT_EQ(found.cpus[1], 2U);
    EXPECT_EQ(found.cpus[2], 300U);
    ASSERT_EQ(found.io_apics.size(), 1U);
    EXPECT_EQ(found.io_apics[0].first_gsi, 24U);
}

TEST(acpi, leaves_out_cpus_that_are_off_or_named_twice) {
    build({cpu(0), cpu(1, 0), cpu(2, 2), cpu(0), x2apic_cpu(0)});
    EXPECT_EQ(look().cpus.size(), 1U);
}

TEST(acpi, takes_as_many_cpus_as_there_is_room_for) {
    std::vector<Entry> entries;
    for (int i = 0; i < 70; ++i) {
        entries.push_back(cpu(static_cast<std::uint8_t>(i)));
    }
    build(entries);
    const InterruptTopology found = look();
    EXPECT_EQ(found.cpus.size(), plat::most_cpus);
    EXPECT_EQ(found.cpus_left_out, 6U);
}

TEST(acpi, without_tables_there_is_one_io_apic) {
    const InterruptTopology found = plat::read_interrupt_topology(PhysAddr{}, view_memory);
    EXPECT_FALSE(found.damaged);
    EXPECT_EQ(found.io_apics.size(), 1U);
    EXPECT_EQ(found.cpus.size(), 0U);
}

TEST(acpi, a_wrong_sum_anywhere_means_one_cpu) {
    for (const std::uint64_t at : {root_at + 10, madt_at + 40}) {
        build({cpu(0), cpu(1)});
        put<std::uint8_t>(at, 0x55);
        expect_one_cpu(look());
    }
}

TEST(acpi, an_old_list_is_as_good) {
    build({cpu(0), cpu(1)});
    put<std::uint32_t>(memory_base + 16, root_at);
    put<std::uint8_t>(memory_base + 15, 0);
    fix_sum(memory_base, 20, 8);
    put<std::uint32_t>(root_at + 36, other_at);
    put<std::uint32_t>(root_at + 40, madt_at);
    put_table(root_at, "RSDT", 44);
    EXPECT_EQ(look().cpus.size(), 2U);
    // A loader's copy may have just the old part.
    EXPECT_EQ(plat::acpi_root(std::span(memory).first(20)), PhysAddr{root_at});
}

TEST(acpi, a_damaged_rsdp_leads_nowhere) {
    build({cpu(0)});
    EXPECT_EQ(plat::acpi_root(std::span(memory).first(36)), PhysAddr{root_at});
    EXPECT_EQ(plat::acpi_root(std::span(memory).first(19)), PhysAddr{});
    // The new part's sum is wrong: the old part holds.
    put<std::uint8_t>(memory_base + 33, 0x55);
    EXPECT_EQ(plat::acpi_root(std::span(memory).first(36)), PhysAddr{});
    build({cpu(0)});
    put<std::uint8_t>(memory_base + 16, 0x55);
    EXPECT_EQ(plat::acpi_root(std::span(memory).first(36)), PhysAddr{});
    build({cpu(0)});
    put_text(memory_base, "RSD PTX ");
    fix_sum(memory_base, 20, 8);
    EXPECT_EQ(plat::acpi_root(std::span(memory).first(36)), PhysAddr{});
}

TEST(acpi, entries_that_do_not_fit_mean_one_cpu) {
    const std::vector<Entry> broken[] = {
        {cpu(0), {0, 0}},                    // would never end
        {cpu(0), {0, 8, 1, 1}},              // beyond the table
        {cpu(0), {0, 4, 1, 1}},              // too short for what it is
        {cpu(0), {1}},                       // no length
        {cpu(0), {9, 8, 0, 0, 0, 0, 0, 0}},  // too short for an x2APIC's
    };
    for (const auto& entries : broken) {
        build(entries);
        expect_one_cpu(look());
    }
}

TEST(acpi, lengths_and_addresses_out_of_reach_mean_one_cpu) {
    build({cpu(0)});
    put<std::uint32_t>(madt_at + 4, 0xffff'ffff);
    expect_one_cpu(look());
    build({cpu(0)});
    put<std::uint32_t>(madt_at + 4, 8);
    expect_one_cpu(look());
    for (const std::uint64_t address :
         {std::uint64_t{0}, std::uint64_t{0xdead'0000}, ~std::uint64_t{0}}) {
        if (address != 0) {
            build({cpu(0)});
            put(memory_base + 24, address);
            fix_sum(memory_base, 36, 32);
            expect_one_cpu(look());
        }
        build({cpu(0)});
        put(root_at + 44, address);
        put_table(root_at, "XSDT", 52);
        expect_one_cpu(look());
    }
}
