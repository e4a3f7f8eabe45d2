// SPDX-License-Identifier: MIT
#include "servers/devmgr/pci.hpp"

#include <algorithm>
#include <bitset>

namespace devmgr {
namespace {

enum Register : std::uint32_t {
    id = 0x00,
    command = 0x04,
    status = 0x06,
    revision_and_class = 0x08,
    header_type = 0x0e,
    first_bar = 0x10,
    secondary_bus = 0x19,
    capabilities = 0x34,
    interrupt_line = 0x3c,
    interrupt_pin = 0x3d,
};
constexpr std::uint32_t nothing_there = 0xffff;

void read_capabilities(ConfigurationSpace& space, PciFunction& function) {
    constexpr std::uint16_t has_list = 0x10;
    constexpr std::uint8_t msi_id = 0x05;
    constexpr std::uint8_t msix_id = 0x11;
    if ((space.read(function.location, status, 2) & has_list) == 0) {
        return;
    }
    auto at = space.read(function.location, capabilities, 1) & 0xfc;
    for (int steps = 0; at >= 0x40 && steps < 48; ++steps) {
        const auto kind = space.read(function.location, at, 1);
        if (kind == msi_id) {
            function.msi = static_cast<std::uint8_t>(at);
        } else if (kind == msix_id) {
            function.msix = static_cast<std::uint8_t>(at);
        }
        at = space.read(function.location, at + 1, 1) & 0xfc;
    }
}

// A register's size bits: those that stay when all are written.
std::uint32_t probe(ConfigurationSpace& space, PciLocation location, std::uint32_t offset) {
    const auto kept = space.read(location, offset, 4);
    space.write(location, offset, 4, 0xffff'ffff);
    const auto mask = space.read(location, offset, 4);
    space.write(location, offset, 4, kept);
    return mask;
}

class Enumerator {
public:
    explicit Enumerator(ConfigurationSpace& space) : space_(space) {}

    std::vector<PciFunction> run() {
        scan_bus(0);
        std::ranges::sort(found_, {}, &PciFunction::location);
        return std::move(found_);
    }

private:
    void scan_bus(std::uint32_t bus) {
        if (seen_[bus]) {
            return;
        }
        seen_[bus] = true;
        for (std::uint32_t device = 0; device < 32; ++device) {
            scan_device((bus << 8) | (device << 3));
        }
    }

    void scan_device(PciLocation first) {
        if ((space_.read(first, id, 4) & 0xffff) == nothing_there) {
            return;
        }
        const bool several = (space_.read(first, header_type, 1) & 0x80) != 0;
        for (PciLocation function = first; function < first + (several ? 8U : 1U); ++function) {
            const auto ids = space_.read(function, id, 4);
            if ((ids & 0xffff) != nothing_there) {
                scan_function(function, ids);
            }
        }
    }

    void scan_function(PciLocation location, std::uint32_t ids) {
        const auto layout = space_.read(location, header_type, 1) & 0x7f;
        if (layout == 1) {
            scan_bus(space_.read(location, secondary_bus, 1));
            return;
        }
        if (layout != 0) {
            return;
        }
        const auto kind = space_.read(location, revision_and_class, 4);
        PciFunction function{.location = location,
                             .vendor = static_cast<std::uint16_t>(ids),
                             .device = static_cast<std::uint16_t>(ids >> 16),
                             .class_code = static_cast<std::uint8_t>(kind >> 24),
                             .subclass = static_cast<std::uint8_t>(kind >> 16),
                             .interface = static_cast<std::uint8_t>(kind >> 8),
                             .revision = static_cast<std::uint8_t>(kind)};
        function.pin = static_cast<std::uint8_t>(space_.read(location, interrupt_pin, 1));
        function.line = static_cast<std::uint8_t>(space_.read(location, interrupt_line, 1));
        read_capabilities(space_, function);
        found_.push_back(function);
    }

    ConfigurationSpace& space_;
    std::bitset<256> seen_;
    std::vector<PciFunction> found_;
};

}  // namespace

std::vector<PciFunction> enumerate(ConfigurationSpace& space) { return Enumerator{space}.run(); }

void read_bars(ConfigurationSpace& space, PciFunction& function) {
    const PciLocation location = function.location;
    const auto before = static_cast<std::uint16_t>(space.read(location, command, 2));
    // While the registers hold ones, the device must not answer at that address.
    change_command(space, location, 0, Command::ports | Command::memory);
    for (std::uint32_t i = 0; i < 6; ++i) {
        const std::uint32_t offset = first_bar + i * 4;
        const auto low = space.read(location, offset, 4);
        const auto mask = probe(space, location, offset);
        Bar& bar = function.bars[i];
        if ((low & 1) != 0) {
            const std::uint32_t size = ~(mask & 0xffff'fffc) + 1;
            bar = {Bar::Kind::ports, low & 0xfffc, size & 0xffff};
        } else if ((low & 6) == 4 && i < 5) {
            const auto high = space.read(location, offset + 4, 4);
            const std::uint64_t wide =
                (std::uint64_t{probe(space, location, offset + 4)} << 32) | (mask & 0xffff'fff0);
            bar = {Bar::Kind::memory, (std::uint64_t{high} << 32) | (low & 0xffff'fff0), ~wide + 1};
            ++i;
        } else {
            const std::uint32_t size = ~(mask & 0xffff'fff0) + 1;
            bar = {Bar::Kind::memory, low & 0xffff'fff0, size};
        }
        if (mask == 0 || bar.bytes == 0 || bar.address == 0) {
            bar = {};
        }
    }
    space.write(location, command, 2, before);
}

MsixTable msix_table(ConfigurationSpace& space, const PciFunction& function) {
    const auto control = space.read(function.location, function.msix + 2U, 2);
    const auto place = space.read(function.location, function.msix + 4U, 4);
    return {.bar = place & 7, .offset = place & ~7U, .entries = (control & 0x7ff) + 1};
}

void enable_msix(ConfigurationSpace& space, const PciFunction& function, bool on) {
    constexpr std::uint32_t enable = 0x8000;
    constexpr std::uint32_t mask_all = 0x4000;
    auto control = space.read(function.location, function.msix + 2U, 2) & ~(enable | mask_all);
    control |= on ? enable : 0;
    space.write(function.location, function.msix + 2U, 2, control);
}

void enable_msi(ConfigurationSpace& space, const PciFunction& function, std::uint64_t address,
                std::uint32_t data) {
    constexpr std::uint32_t enable = 1;
    constexpr std::uint32_t several = 0x70;
    constexpr std::uint32_t wide = 0x80;
    const std::uint32_t at = function.msi;
    const auto control = space.read(function.location, at + 2, 2);
    space.write(function.location, at + 4, 4, static_cast<std::uint32_t>(address));
    std::uint32_t data_at = at + 8;
    if ((control & wide) != 0) {
        space.write(function.location, at + 8, 4, static_cast<std::uint32_t>(address >> 32));
        data_at = at + 12;
    }
    space.write(function.location, data_at, 2, data & 0xffff);
    space.write(function.location, at + 2, 2, (control & ~several) | enable);
}

void disable_msi(ConfigurationSpace& space, const PciFunction& function) {
    const auto control = space.read(function.location, function.msi + 2U, 2);
    space.write(function.location, function.msi + 2U, 2, control & ~1U);
}

void change_command(ConfigurationSpace& space, PciLocation location, std::uint16_t set,
                    std::uint16_t clear) {
    const auto now = space.read(location, command, 2);
    space.write(location, command, 2, (now & ~std::uint32_t{clear}) | set);
}

}  // namespace devmgr
