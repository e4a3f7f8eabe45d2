// SPDX-License-Identifier: MIT
#include "servers/devmgr/device.hpp"

#include "libs/base/align.hpp"
#include "libs/ipc/failure.hpp"

namespace devmgr {
namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{1} << 32;  // of one device, in devmgr's books
constexpr std::uint64_t most_dma = 16 << 20;
constexpr std::uint32_t bochs_ports = 0x1ce;  // index, data (16 bits each)
constexpr std::uint32_t bochs_count = 3;
constexpr std::uint8_t display_class = 3;

template <class T>
Result<T> answer(ipc::KernelResult<T>&& result) {
    if (!result) {
        return base::fail(ipc::to_status(result.error()));
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    } else {
        return {};
    }
}

}  // namespace

Device::Device(const PlatformDevice& platform) : platform_(platform) {
    function_.vendor = device::platform_vendor;
    function_.device = static_cast<std::uint16_t>(platform.number);
    function_.class_code = device::any_class;
    function_.interface = platform.interface;
}

bool Device::matches(std::uint64_t filter) const {
    const auto vendor = static_cast<std::uint16_t>(filter);
    const auto id = static_cast<std::uint16_t>(filter >> 16);
    const auto class_code = static_cast<std::uint8_t>(filter >> 32);
    const auto subclass = static_cast<std::uint8_t>(filter >> 40);
    // "Any vendor" is any on the bus: platform devices are given out by name only.
    return (vendor == function_.vendor || (vendor == device::any_id && !is_platform())) &&
           (id == device::any_id || id == function_.device) &&
           (class_code == device::any_class || class_code == function_.class_code) &&
           (subclass == device::any_class || subclass == function_.subclass);
}

device::Acquire::Reply Device::description() const {
    return {.vendor = function_.vendor,
            .device = function_.device,
            .class_code = function_.class_code,
            .subclass = function_.subclass,
            .interface = function_.interface,
            .revision = function_.revision,
            .location = function_.location};
}

Result<void> Device::take(const Machine&, ConfigurationSpace& space) {
    bank_ = TRY(answer(ipc::own_bank()->create_bank(most_bytes)));
    if (!is_platform()) {
        change_command(space, function_.location, Command::memory | Command::ports,
                       Command::bus_master);
    }
    return {};
}

void Device::silence(ConfigurationSpace& space) const {
    if (!is_platform()) {
        change_command(space, function_.location, Command::no_pin, Command::bus_master);
        if (function_.msix != 0) {
            enable_msix(space, function_, false);
        } else if (function_.msi != 0) {
            disable_msi(space, function_);
        }
    }
}

void Device::release(ConfigurationSpace& space) {
    silence(space);
    msix_ = nullptr;
    msix_window_ = {};
    (void)bank_->destroy();
    bank_.reset();
}

Result<std::uint32_t> Device::read_configuration(ConfigurationSpace& space,
                                                 const device::ReadConfiguration& what) {
    const bool size_fits = what.bytes == 1 || what.bytes == 2 || what.bytes == 4;
    if (is_platform() || !size_fits || what.offset >= 256 || what.offset % what.bytes != 0) {
        return base::fail(Status::invalid);
    }
    return space.read(function_.location, what.offset, what.bytes);
}

Result<Device::Registers> Device::map_registers(const Machine& machine, std::uint32_t bar) {
    if (is_platform() && bar == 0 && platform_.registers != 0) {
        auto memory = TRY(answer(machine.physical->window(
            {platform_.registers, platform_.register_bytes}, bank_.ref())));
        return Registers{std::move(memory), platform_.register_bytes};
    }
    if (bar >= function_.bars.size() || function_.bars[bar].kind != Bar::Kind::memory) {
        return base::fail(Status::not_found);
    }
    const Bar& found = function_.bars[bar];
    if (!base::is_aligned(found.address | found.bytes, abi::page_size)) {
        return base::fail(Status::unsupported);
    }
    auto memory = TRY(answer(machine.physical->window({found.address, found.bytes}, bank_.ref())));
    return Registers{std::move(memory), found.bytes};
}

Result<Device::Ports> Device::get_ports(const Machine& machine, std::uint32_t bar) {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
    if (is_platform()) {
        first = bar == 0 ? platform_.first_port : bar == 1 ? platform_.second_port : 0;
        count = platform_.port_count;
    } else if (bar < function_.bars.size() && function_.bars[bar].kind == Bar::Kind::ports) {
        first = static_cast<std::uint32_t>(function_.bars[bar].address);
        count = static_cast<std::uint32_t>(function_.bars[bar].bytes);
    } else if (bar == function_.bars.size() && function_.class_code == display_class) {
        first = bochs_ports;
        count = bochs_count;
    }
    if (first == 0) {
        return base::fail(Status::not_found);
    }
    auto ports =
        TRY(answer(machine.ports->window(static_cast<std::uint16_t>(first), count, bank_.ref())));
    return Ports{std::move(ports), first, count};
}

Result<Device::Interrupt> Device::get_interrupt(const Machine& machine, ConfigurationSpace& space,
                                                const Acpi& acpi, std::uint32_t index) {
    if (function_.msix != 0) {
        if (auto interrupt = get_msix(machine, space, index)) {
            return interrupt;
        }
    }
    if (index != 0) {
        return base::fail(Status::not_found);
    }
    if (function_.msi != 0) {
        if (auto interrupt = get_msi(machine, space)) {
            return interrupt;
        }
    }
    if (!is_platform()) {
        change_command(space, function_.location, 0, Command::no_pin);
    }
    return get_line(machine, acpi);
}

Result<void> Device::open_msix(const Machine& machine, ConfigurationSpace& space) {
    constexpr std::uint32_t bytes_per_entry = 16;
    constexpr std::uint32_t masked = 1;
    const MsixTable table = msix_table(space, function_);
    if (table.bar >= function_.bars.size() ||
        !base::range_fits(table.offset, std::uint64_t{table.entries} * bytes_per_entry,
                          function_.bars[table.bar].bytes)) {
        return base::fail(Status::unsupported);
    }
    const std::uint64_t address = function_.bars[table.bar].address + table.offset;
    msix_window_ = TRY(answer(PhysicalWindow::open(
        machine, address, std::uint64_t{table.entries} * bytes_per_entry,
        abi::MapFlags::read | abi::MapFlags::write | abi::MapFlags::uncached)));
    msix_ = reinterpret_cast<volatile std::uint32_t*>(msix_window_.at(address));
    msix_entries_ = table.entries;
    for (std::uint32_t entry = 0; entry < msix_entries_; ++entry) {
        msix_[entry * 4 + 3] = masked;
    }
    return {};
}

Result<Device::Interrupt> Device::get_msix(const Machine& machine, ConfigurationSpace& space,
                                           std::uint32_t index) {
    if (msix_ == nullptr) {
        TRY(open_msix(machine, space));
    }
    if (index >= msix_entries_) {
        return base::fail(Status::not_found);
    }
    auto made = TRY(answer(machine.interrupts->create_msi(bank_.ref())));
    volatile std::uint32_t* entry = msix_ + index * 4;
    entry[0] = static_cast<std::uint32_t>(made.address);
    entry[1] = static_cast<std::uint32_t>(made.address >> 32);
    entry[2] = made.data;
    entry[3] = 0;  // not masked
    enable_msix(space, function_, true);
    return Interrupt{std::move(made.interrupt), true};
}

Result<Device::Interrupt> Device::get_msi(const Machine& machine, ConfigurationSpace& space) {
    auto made = TRY(answer(machine.interrupts->create_msi(bank_.ref())));
    enable_msi(space, function_, made.address, made.data);
    return Interrupt{std::move(made.interrupt), true};
}

// A PCI pin is taken at the line that firmware has routed it to. (The routing of the other interrupt
// controller's inputs is known only to AML programs.)
Result<Device::Interrupt> Device::get_line(const Machine& machine, const Acpi& acpi) {
    std::uint32_t global = is_platform() ? platform_.line : function_.line;
    std::uint64_t flags = 0;
    if (is_platform() && platform_.line == 0) {
        return base::fail(Status::not_found);
    }
    if (!is_platform()) {
        if (function_.pin == 0 || function_.line == 0 || function_.line == 0xff) {
            return base::fail(Status::not_found);
        }
        flags = abi::InterruptFlags::level | abi::InterruptFlags::active_low;
    }
    for (const LineOverride& line : acpi.overrides) {
        if (line.line == global) {
            global = line.global_interrupt;
            flags = line.flags;
            break;
        }
    }
    return Interrupt{TRY(answer(machine.interrupts->create_line(global, flags, bank_.ref()))),
                     false};
}

Result<Device::Dma> Device::get_dma(const Machine& machine, ConfigurationSpace& space,
                                    std::uint64_t bytes) {
    if (is_platform() || bytes == 0 || bytes > most_dma) {
        return base::fail(Status::invalid);
    }
    auto memory = TRY(answer(bank_->create_memory(base::align_up(bytes, abi::page_size),
                                                  {.flags = abi::MemoryFlags::contiguous})));
    const auto pages = TRY(answer(memory->pin({0, abi::page_size}, machine.physical)));
    const std::uint64_t address = pages[0];
    change_command(space, function_.location, Command::bus_master, 0);
    return Dma{std::move(memory), address};
}

}  // namespace devmgr
