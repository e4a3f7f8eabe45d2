// SPDX-License-Identifier: MIT
#include "servers/devmgr/machine.hpp"

#include "libs/base/align.hpp"

namespace devmgr {
namespace {

constexpr std::uint64_t bytes_per_bus = 1 << 20;
constexpr std::uint16_t address_port = 0xcf8;
constexpr std::uint16_t data_port = 0xcfc;

template <class T>
std::uint32_t load(const std::byte* at) {
    return *reinterpret_cast<const volatile T*>(at);
}
template <class T>
void store(std::byte* at, std::uint32_t value) {
    *reinterpret_cast<volatile T*>(at) = static_cast<T>(value);
}

}  // namespace

ipc::KernelResult<PhysicalWindow> PhysicalWindow::open(const Machine& machine,
                                                       std::uint64_t address, std::uint64_t length,
                                                       std::uint64_t flags) {
    const std::uint64_t start = base::align_down(address, abi::page_size);
    const auto end = base::add(address, length);
    if (!end || length == 0) {
        return base::fail(abi::Error::out_of_range);
    }
    const std::uint64_t bytes = base::align_up(*end - start, abi::page_size);
    PhysicalWindow window;
    window.start_ = start;
    window.memory_ = TRY(machine.physical->window({start, bytes}, ipc::own_bank()));
    window.mapping_ = TRY(rt::map(window.memory_, {.length = bytes, .flags = flags}));
    return window;
}

std::span<const std::byte> TableReader::read(std::uint64_t address, std::size_t length) {
    auto window = PhysicalWindow::open(machine_, address, length, abi::MapFlags::read);
    if (!window) {
        return {};
    }
    windows_.push_back(std::move(*window));
    return {windows_.back().at(address), length};
}

std::byte* PciAccess::registers(PciLocation location) {
    const std::uint32_t bus = location >> 8;
    for (const EcamRange& range : ranges_) {
        if (bus < range.first_bus || bus > range.last_bus) {
            continue;
        }
        const std::uint64_t start = range.address + bus * bytes_per_bus;
        auto found = buses_.find(bus);
        if (found == buses_.end()) {
            constexpr std::uint64_t flags =
                abi::MapFlags::read | abi::MapFlags::write | abi::MapFlags::uncached;
            auto window = PhysicalWindow::open(machine_, start, bytes_per_bus, flags);
            if (!window) {
                continue;
            }
            found = buses_.emplace(bus, std::move(*window)).first;
        }
        return found->second.at(start) + (std::uint64_t{location & 0xff} << 12);
    }
    return nullptr;
}

void PciAccess::select(PciLocation location, std::uint32_t offset) {
    constexpr std::uint32_t enable = 0x8000'0000;
    (void)machine_.ports->out<std::uint32_t>(address_port,
                                             enable | (location << 8) | (offset & 0xfc));
}

std::uint32_t PciAccess::read(PciLocation location, std::uint32_t offset, std::uint32_t bytes) {
    if (std::byte* at = registers(location)) {
        switch (bytes) {
            case 1:  return load<std::uint8_t>(at + offset);
            case 2:  return load<std::uint16_t>(at + offset);
            default: return load<std::uint32_t>(at + offset);
        }
    }
    select(location, offset);
    const auto port = static_cast<std::uint16_t>(data_port + (offset & 3));
    switch (bytes) {
        case 1:  return machine_.ports->in<std::uint8_t>(port).value_or(0xff);
        case 2:  return machine_.ports->in<std::uint16_t>(port).value_or(0xffff);
        default: return machine_.ports->in<std::uint32_t>(port).value_or(0xffff'ffff);
    }
}

void PciAccess::write(PciLocation location, std::uint32_t offset, std::uint32_t bytes,
                      std::uint32_t value) {
    if (std::byte* at = registers(location)) {
        switch (bytes) {
            case 1:  store<std::uint8_t>(at + offset, value); return;
            case 2:  store<std::uint16_t>(at + offset, value); return;
            default: store<std::uint32_t>(at + offset, value); return;
        }
    }
    select(location, offset);
    const auto port = static_cast<std::uint16_t>(data_port + (offset & 3));
    switch (bytes) {
        case 1:  (void)machine_.ports->out(port, static_cast<std::uint8_t>(value)); return;
        case 2:  (void)machine_.ports->out(port, static_cast<std::uint16_t>(value)); return;
        default: (void)machine_.ports->out(port, value); return;
    }
}

}  // namespace devmgr
