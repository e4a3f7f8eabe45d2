// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <string>

#include "abi/kernel/operation.hpp"
#include "servers/devmgr/acpi.hpp"
#include "servers/devmgr/pci.hpp"

namespace devmgr {
namespace {

class FakeMemory final : public PhysicalReader {
public:
    std::span<const std::byte> read(std::uint64_t address, std::size_t length) override {
        const auto found = areas.find(address);
        if (found == areas.end() || found->second.size() < length) {
            return {};
        }
        return {reinterpret_cast<const std::byte*>(found->second.data()), length};
    }

    std::map<std::uint64_t, std::string> areas;
};

template <class T>
void put(std::string& text, std::size_t offset, T value) {
    text.resize(std::max(text.size(), offset + sizeof value));
    std::memcpy(text.data() + offset, &value, sizeof value);
}

void fix_sum(std::string& text, std::size_t length, std::size_t at) {
    text[at] = 0;
    unsigned sum = 0;
    for (std::size_t i = 0; i < length; ++i) {
        sum += static_cast<unsigned char>(text[i]);
    }
    text[at] = static_cast<char>(-sum);
}

std::string table(std::string_view name, std::string body) {
    std::string text(36, '\0');
    text.replace(0, 4, name);
    text += body;
    put(text, 4, static_cast<std::uint32_t>(text.size()));
    fix_sum(text, text.size(), 9);
    return text;
}

const std::string sleep_state{"\x08_S5_\x12\x06\x04\x0a\x05\x0a\x02\x00\x00", 13};

FakeMemory machine() {
    FakeMemory memory;
    std::string list;
    put<std::uint64_t>(list, 0, 0x2000);
    put<std::uint64_t>(list, 8, 0x3000);
    put<std::uint64_t>(list, 16, 0x4000);
    put<std::uint64_t>(list, 24, 0x9999);  // leads nowhere
    memory.areas[0x1000] = table("XSDT", list);
    std::string mcfg(8, '\0');
    put<std::uint64_t>(mcfg, 8, 0xb000'0000);
    put<std::uint16_t>(mcfg, 16, 0);
    put<std::uint8_t>(mcfg, 18, 0);
    put<std::uint8_t>(mcfg, 19, 255);
    put<std::uint32_t>(mcfg, 20, 0);
    memory.areas[0x2000] = table("MCFG", mcfg);
    std::string madt(8, '\0');
    madt += std::string("\x02\x0a\x00\x09\x14\x00\x00\x00\x0f\x00", 10);
    memory.areas[0x3000] = table("APIC", madt);
    std::string fadt(160, '\0');
    put<std::uint32_t>(fadt, 40 - 36, 0x5000);
    put<std::uint32_t>(fadt, 64 - 36, 0x604);
    put<std::uint32_t>(fadt, 56 - 36, 0x600);
    put<std::uint8_t>(fadt, 88 - 36, 4);
    put<std::uint16_t>(fadt, 46 - 36, 9);
    put<std::uint32_t>(fadt, 48 - 36, 0xb2);
    put<std::uint8_t>(fadt, 52 - 36, 2);
    memory.areas[0x4000] = table("FACP", fadt);
    memory.areas[0x5000] = table("DSDT", "junk" + sleep_state);
    return memory;
}

TEST(Acpi, ReadsTheTables) {
    FakeMemory memory = machine();
    const Acpi acpi = read_acpi(memory, 0x1000);
    ASSERT_EQ(acpi.ecam.size(), 1U);
    EXPECT_EQ(acpi.ecam[0].address, 0xb000'0000U);
    EXPECT_EQ(acpi.ecam[0].last_bus, 255);
    ASSERT_EQ(acpi.overrides.size(), 1U);
    EXPECT_EQ(acpi.overrides[0].line, 9);
    EXPECT_EQ(acpi.overrides[0].global_interrupt, 20U);
    EXPECT_EQ(acpi.overrides[0].flags,
              abi::InterruptFlags::level | abi::InterruptFlags::active_low);
    ASSERT_TRUE(acpi.power_off);
    EXPECT_EQ(acpi.power_off->control_port, 0x604);
    EXPECT_EQ(acpi.power_off->type, 5);
    EXPECT_EQ(acpi.power_off->type_b, 2);
    ASSERT_TRUE(acpi.enable);
    EXPECT_EQ(acpi.enable->value, 2);
    EXPECT_FALSE(acpi.reset);
    ASSERT_TRUE(acpi.power_button);
    EXPECT_EQ(acpi.power_button->port, 0x600);
    EXPECT_EQ(acpi.power_button->port_b, 0);
    EXPECT_EQ(acpi.power_button->enable_offset, 2);
    EXPECT_EQ(acpi.power_button->line, 9);
}

TEST(Acpi, ATpmIsThereIfItsTableIs) {
    FakeMemory memory = machine();
    EXPECT_EQ(read_acpi(memory, 0x1000).tpm_start_method, 0);
    std::string tpm(40, '\0');
    put<std::uint32_t>(tpm, 48 - 36, 7);
    memory.areas[0x3000] = table("TPM2", tpm);
    EXPECT_EQ(read_acpi(memory, 0x1000).tpm_start_method, 7);
    memory.areas[0x3000] = table("TPM2", tpm.substr(0, 12));
    EXPECT_EQ(read_acpi(memory, 0x1000).tpm_start_method, 0);
}

TEST(Acpi, APowerButtonThatIsNotFixedIsNotLookedFor) {
    for (const std::uint32_t flag : {1U << 4, 1U << 20}) {
        FakeMemory memory = machine();
        std::string& fadt = memory.areas[0x4000];
        put(fadt, 112, flag);
        fix_sum(fadt, fadt.size(), 9);
        EXPECT_FALSE(read_acpi(memory, 0x1000).power_button);
    }
}

TEST(Acpi, SleepStatesInTheirEncodings) {
    const auto find = [](std::string_view text) {
        return find_sleep_types(std::as_bytes(std::span{text.data(), text.size()}));
    };
    EXPECT_EQ(find(sleep_state)->a, 5);
    EXPECT_EQ(find(std::string_view{"\x08_S5_\x12\x05\x02\x00\x01", 10})->b, 1);
    EXPECT_FALSE(find("_S5_"));
    EXPECT_FALSE(find(std::string_view{"_S5_\x12\xff", 6}));
    EXPECT_FALSE(find(std::string_view{"_S5_\x12\x06\x04\x0a", 8}));
    EXPECT_FALSE(find("nothing"));
}

TEST(Acpi, DamagedTablesAreSurvived) {
    std::mt19937 random{3};
    for (int round = 0; round < 5'000; ++round) {
        FakeMemory memory = machine();
        for (auto& [address, text] : memory.areas) {
            if (random() % 2 == 0) {
                text[random() % text.size()] = static_cast<char>(random());
            }
            if (random() % 8 == 0) {
                text.resize(random() % text.size());
            }
            // With a right sum the damage gets further.
            if (text.size() > 36) {
                fix_sum(text, text.size(), 9);
            }
        }
        (void)read_acpi(memory, 0x1000);
    }
}

// Functions with their 256 bytes of registers.
class FakeBus final : public ConfigurationSpace {
public:
    std::uint32_t read(PciLocation location, std::uint32_t offset, std::uint32_t bytes) override {
        ++reads;
        const auto found = functions.find(location);
        std::uint32_t value = ~std::uint32_t{0};
        if (found != functions.end() && offset + bytes <= 256) {
            value = 0;
            std::memcpy(&value, found->second.data() + offset, bytes);
        }
        return bytes == 4 ? value : value & ((1U << (bytes * 8)) - 1);
    }
    void write(PciLocation location, std::uint32_t offset, std::uint32_t bytes,
               std::uint32_t value) override {
        const auto found = functions.find(location);
        if (found == functions.end() || offset + bytes > 256) {
            return;
        }
        // Address registers keep their lower bits.
        if (offset >= 0x10 && offset < 0x28 && bytes == 4) {
            value = (value & ~(bar_bytes - 1)) | (read(location, offset, 4) & 0xf);
        }
        std::memcpy(found->second.data() + offset, &value, bytes);
    }
    std::string& add(PciLocation location, std::uint16_t vendor, std::uint16_t device) {
        std::string text(256, '\0');
        put(text, 0, vendor);
        put(text, 2, device);
        return functions[location] = text;
    }

    std::map<PciLocation, std::string> functions;
    std::uint32_t bar_bytes = 0x4000;
    std::size_t reads = 0;
};

TEST(Pci, FindsFunctionsBehindBridges) {
    FakeBus bus;
    bus.add(0x00, 0x8086, 0x29c0);
    auto& bridge = bus.add(0x08, 0x1b36, 0x000c);
    put<std::uint8_t>(bridge, 0x0e, 0x81);  // a bridge with several functions
    put<std::uint8_t>(bridge, 0x19, 1);
    bus.add(0x0a, 0x8086, 0x2918);
    auto& disk = bus.add(0x100, 0x1af4, 0x1042);
    put<std::uint8_t>(disk, 0x0b, 1);
    put<std::uint16_t>(disk, 0x06, 0x10);
    put<std::uint8_t>(disk, 0x34, 0x40);
    put<std::uint32_t>(disk, 0x40, 0x0005'5011);  // MSI-X, then at 0x50 ...
    put<std::uint32_t>(disk, 0x40, 0x0001'5011);
    put<std::uint32_t>(disk, 0x50, 0x0000'4005);  // ... MSI, and round again
    put<std::uint32_t>(disk, 0x20, 0xfe00'000c);  // bar 4, wide
    const auto found = enumerate(bus);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[2].location, 0x100U);
    EXPECT_EQ(found[2].vendor, 0x1af4);
    EXPECT_EQ(found[2].msix, 0x40);
    EXPECT_EQ(found[2].msi, 0x50);
    PciFunction function = found[2];
    read_bars(bus, function);
    EXPECT_EQ(function.bars[4].kind, Bar::Kind::memory);
    EXPECT_EQ(function.bars[4].address, 0xfe00'0000U);
    EXPECT_EQ(msix_table(bus, function).entries, 2U);
}

TEST(Pci, ContradictoryRegistersAreSurvived) {
    std::mt19937 random{11};
    for (int round = 0; round < 300; ++round) {
        FakeBus bus;
        for (int i = 0; i < 12; ++i) {
            auto& text = bus.add((random() % 3) << 8 | (random() % 256), 1, 2);
            std::ranges::generate(text, [&] { return static_cast<char>(random()); });
        }
        for (PciFunction& function : enumerate(bus)) {
            read_bars(bus, function);
            (void)msix_table(bus, function);
        }
        EXPECT_LT(bus.reads, 100'000U);
    }
}

}  // namespace
}  // namespace devmgr
