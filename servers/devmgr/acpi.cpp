// SPDX-License-Identifier: MIT
#include "servers/devmgr/acpi.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "abi/kernel/operation.hpp"

namespace devmgr {
namespace {

constexpr std::size_t header_bytes = 36;
constexpr std::size_t longest_table = 1 << 20;
constexpr std::size_t most_tables = 256;

// Little-endian, as on this machine; zero beyond the end.
template <class T>
T field(std::span<const std::byte> table, std::size_t offset) {
    T value{};
    if (offset <= table.size() && sizeof(T) <= table.size() - offset) {
        std::memcpy(&value, table.data() + offset, sizeof value);
    }
    return value;
}

std::string_view text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool sums_to_zero(std::span<const std::byte> bytes) {
    unsigned sum = 0;
    for (const std::byte byte : bytes) {
        sum += std::to_integer<unsigned>(byte);
    }
    return (sum & 0xff) == 0;
}

// A whole table, or nothing.
std::span<const std::byte> table_at(PhysicalReader& memory, std::uint64_t address) {
    const auto header = memory.read(address, header_bytes);
    const auto length = field<std::uint32_t>(header, 4);
    if (header.empty() || length < header_bytes || length > longest_table) {
        return {};
    }
    const auto table = memory.read(address, length);
    return sums_to_zero(table) ? table : std::span<const std::byte>{};
}

struct GenericAddress {
    std::uint8_t space = 0;
    std::uint64_t address = 0;

    [[nodiscard]] bool is_port() const { return space == 1 && address != 0 && address <= 0xffff; }
};
GenericAddress generic_address(std::span<const std::byte> table, std::size_t offset) {
    return {field<std::uint8_t>(table, offset), field<std::uint64_t>(table, offset + 4)};
}

void read_mcfg(std::span<const std::byte> table, Acpi& acpi) {
    for (std::size_t at = header_bytes + 8; at + 16 <= table.size(); at += 16) {
        const bool first_segment = field<std::uint16_t>(table, at + 8) == 0;
        const EcamRange range{field<std::uint64_t>(table, at), field<std::uint8_t>(table, at + 10),
                              field<std::uint8_t>(table, at + 11)};
        if (first_segment && range.first_bus <= range.last_bus && range.address % 4096 == 0) {
            acpi.ecam.push_back(range);
        }
    }
}

void read_madt(std::span<const std::byte> table, Acpi& acpi) {
    constexpr std::uint8_t source_override = 2;
    for (std::size_t at = header_bytes + 8; at + 2 <= table.size();) {
        const auto length = field<std::uint8_t>(table, at + 1);
        if (length < 2 || length > table.size() - at) {
            return;
        }
        if (field<std::uint8_t>(table, at) == source_override && length >= 10) {
            const auto mps = field<std::uint16_t>(table, at + 8);
            LineOverride line{.line = field<std::uint8_t>(table, at + 3),
                              .global_interrupt = field<std::uint32_t>(table, at + 4)};
            line.flags |= (mps & 3) == 3 ? abi::InterruptFlags::active_low : 0;
            line.flags |= ((mps >> 2) & 3) == 3 ? abi::InterruptFlags::level : 0;
            acpi.overrides.push_back(line);
        }
        at += length;
    }
}

std::uint16_t port_at(std::span<const std::byte> table, std::size_t plain, std::size_t extended) {
    const auto address = generic_address(table, extended);
    return static_cast<std::uint16_t>(address.is_port() ? address.address
                                                        : field<std::uint32_t>(table, plain));
}

// A fixed one, unless the flags say that it is not (5.2.9, PWR_BUTTON and HW_REDUCED_ACPI).
void read_power_button(std::span<const std::byte> table, Acpi& acpi) {
    constexpr std::uint32_t other_button = 1 << 4, no_fixed_hardware = 1 << 20;
    const Acpi::PowerButton button{
        .port = port_at(table, 56, 148),
        .port_b = port_at(table, 60, 160),
        .enable_offset = static_cast<std::uint16_t>(field<std::uint8_t>(table, 88) / 2),
        .line = static_cast<std::uint8_t>(field<std::uint16_t>(table, 46))};
    const auto flags = field<std::uint32_t>(table, 112);
    if ((flags & (other_button | no_fixed_hardware)) == 0 && button.port != 0 &&
        button.enable_offset >= 2) {
        acpi.power_button = button;
    }
}

void read_fadt(PhysicalReader& memory, std::span<const std::byte> table, Acpi& acpi) {
    constexpr std::uint32_t reset_supported = 1 << 10;
    const auto reset = generic_address(table, 116);
    if ((field<std::uint32_t>(table, 112) & reset_supported) != 0 && reset.is_port()) {
        acpi.reset = {static_cast<std::uint16_t>(reset.address), field<std::uint8_t>(table, 128)};
    }
    const auto command = field<std::uint32_t>(table, 48);
    if (command != 0 && command <= 0xffff && field<std::uint8_t>(table, 52) != 0) {
        acpi.enable = {static_cast<std::uint16_t>(command), field<std::uint8_t>(table, 52)};
    }
    read_power_button(table, acpi);
    Acpi::PowerOff off;
    off.control_port = port_at(table, 64, 172);
    off.control_port_b = port_at(table, 68, 184);
    auto dsdt = field<std::uint64_t>(table, 140);
    dsdt = dsdt != 0 ? dsdt : field<std::uint32_t>(table, 40);
    const auto types = find_sleep_types(table_at(memory, dsdt));
    if (off.control_port != 0 && types) {
        off.type = types->a;
        off.type_b = types->b;
        acpi.power_off = off;
    }
}

void read_tpm2(std::span<const std::byte> table, Acpi& acpi) {
    const auto method = field<std::uint32_t>(table, 48);
    acpi.tpm_start_method = method <= 0xff ? static_cast<std::uint8_t>(method) : 0;
}

// An integer in AML: Zero, One, or a byte with its prefix.
std::optional<std::uint8_t> small_integer(std::span<const std::byte>& aml) {
    constexpr std::byte byte_prefix{0x0a};
    if (!aml.empty() && aml[0] == byte_prefix) {
        aml = aml.subspan(1);
    } else if (aml.empty() || std::to_integer<unsigned>(aml[0]) > 1) {
        return std::nullopt;
    }
    if (aml.empty()) {
        return std::nullopt;
    }
    const auto value = std::to_integer<std::uint8_t>(aml[0]);
    aml = aml.subspan(1);
    return value;
}

}  // namespace

// Name (_S5_, Package (n) {a, b, ...}):  08 '_S5_' 12 PkgLength n a b ...
std::optional<SleepTypes> find_sleep_types(std::span<const std::byte> aml) {
    constexpr std::byte package{0x12};
    const std::size_t at = text(aml).find("_S5_");
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    auto rest = aml.subspan(at + 4);
    if (rest.size() < 3 || rest[0] != package) {
        return std::nullopt;
    }
    // PkgLength: the two upper bits of its first byte say how many bytes follow it.
    const std::size_t skip = 1 + 1 + (std::to_integer<std::size_t>(rest[1]) >> 6) + 1;
    if (skip > rest.size()) {
        return std::nullopt;
    }
    rest = rest.subspan(skip);
    const auto a = small_integer(rest);
    const auto b = small_integer(rest);
    if (!a) {
        return std::nullopt;
    }
    return SleepTypes{static_cast<std::uint8_t>(*a & 7),
                      static_cast<std::uint8_t>(b.value_or(0) & 7)};
}

Acpi read_acpi(PhysicalReader& memory, std::uint64_t root) {
    Acpi acpi;
    const auto tables = table_at(memory, root);
    const std::size_t entry_bytes = text(tables).starts_with("XSDT") ? 8 : 4;
    std::size_t count = 0;
    for (std::size_t at = header_bytes; at + entry_bytes <= tables.size() && count < most_tables;
         at += entry_bytes, ++count) {
        const std::uint64_t address =
            entry_bytes == 8 ? field<std::uint64_t>(tables, at) : field<std::uint32_t>(tables, at);
        const auto table = table_at(memory, address);
        const std::string_view name = text(table.first(std::min<std::size_t>(table.size(), 4)));
        if (name == "MCFG") {
            read_mcfg(table, acpi);
        } else if (name == "APIC") {
            read_madt(table, acpi);
        } else if (name == "FACP") {
            read_fadt(memory, table, acpi);
        } else if (name == "TPM2") {
            read_tpm2(table, acpi);
        }
    }
    return acpi;
}

}  // namespace devmgr
