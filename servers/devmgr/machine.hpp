// SPDX-License-Identifier: MIT
// What devmgr holds of the machine, and the pure parts' view of it.
#pragma once

#include <map>

#include "libs/rt/mapping.hpp"
#include "servers/devmgr/acpi.hpp"
#include "servers/devmgr/pci.hpp"

namespace devmgr {

// Capabilities, by their names in devmgr's start page.
struct Machine {
    ipc::Ref<ipc::Endpoint> endpoint;  // receive, mint
    ipc::Ref<ipc::IoPorts> ports;      // all
    ipc::Ref<ipc::InterruptControl> interrupts;
    ipc::Ref<ipc::Memory> physical;  // all that is not RAM
};

// Device memory, mapped while the object lives.
class PhysicalWindow {
public:
    static ipc::KernelResult<PhysicalWindow> open(const Machine& machine, std::uint64_t address,
                                                  std::uint64_t length, std::uint64_t flags);

    [[nodiscard]] std::byte* at(std::uint64_t address) const {
        return mapping_.bytes().data() + (address - start_);
    }

private:
    std::uint64_t start_ = 0;
    ipc::Capability<ipc::Memory> memory_;
    rt::Mapping mapping_;
};

class TableReader final : public PhysicalReader {
public:
    explicit TableReader(const Machine& machine) : machine_(machine) {}
    std::span<const std::byte> read(std::uint64_t address, std::size_t length) override;

private:
    const Machine& machine_;
    std::vector<PhysicalWindow> windows_;
};

// By memory where the MCFG table says so, else by the ports 0xcf8 and 0xcfc, which every PC has.
class PciAccess final : public ConfigurationSpace {
public:
    PciAccess(const Machine& machine, std::vector<EcamRange> ranges)
        : machine_(machine), ranges_(std::move(ranges)) {}

    std::uint32_t read(PciLocation location, std::uint32_t offset, std::uint32_t bytes) override;
    void write(PciLocation location, std::uint32_t offset, std::uint32_t bytes,
               std::uint32_t value) override;

private:
    // Where the function's registers are mapped; nullptr if they are not in memory.
    [[nodiscard]] std::byte* registers(PciLocation location);
    void select(PciLocation location, std::uint32_t offset);

    const Machine& machine_;
    std::vector<EcamRange> ranges_;
    std::map<std::uint32_t, PhysicalWindow> buses_;
};

}  // namespace devmgr
