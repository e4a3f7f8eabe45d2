// SPDX-License-Identifier: MIT
//
// LoadedImage: an executable's segments as Memory objects, filled and relocated, ready to be mapped.
//
// One process: load into its own bank, `map_into` its space; the image may be dropped then, the mappings keep the memory.
// Many processes (the Linux library): load once into a bank that lives as long, and `map_copy_into` each space: what is not
// writable is the same memory for all, what is writable a copy-on-write clone that the process's own bank pays for.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "libs/ipc/kernel_objects.hpp"
#include "libs/process/elf.hpp"
#include "libs/process/failure.hpp"

namespace loader {

class LoadedImage {
public:
    LoadedImage() = default;

    // `base` is where a position-independent image will be mapped; ignored for others. The Memory of what is writable is longer
    // by `beyond` bytes (whole pages).
    static LoadResult<LoadedImage> load(std::span<const std::byte> file, ipc::Ref<ipc::Bank> bank,
                                        std::uint64_t base, std::uint64_t beyond = 0);

    [[nodiscard]] ipc::KernelResult<void> map_into(ipc::Ref<ipc::AddressSpace> space) const;
    // The copy of what is writable, and from where on nothing of the image is in it, for whatever else the process shall have of
    // its own. No memory: nothing is writable.
    struct OwnCopy {
        ipc::Capability<ipc::Memory> memory;
        std::uint64_t beyond = 0;
    };
    [[nodiscard]] ipc::KernelResult<OwnCopy> map_copy_into(ipc::Ref<ipc::AddressSpace> space,
                                                           ipc::Ref<ipc::Bank> payer) const;

    [[nodiscard]] std::uint64_t entry() const { return entry_; }
    [[nodiscard]] std::uint64_t end() const { return end_; }  // the first address after it

private:
    struct Part {
        ipc::Capability<ipc::Memory> memory;
        std::uint64_t address = 0;
        std::uint64_t length = 0;  // of what is mapped
        bool write = false;
        bool execute = false;
    };
    [[nodiscard]] ipc::KernelResult<void> map_part(ipc::Ref<ipc::AddressSpace> space,
                                                   const Part& part,
                                                   ipc::Ref<ipc::Memory> memory) const;

    std::array<Part, Image::max_segments> parts_{};
    std::size_t part_count_ = 0;
    std::uint64_t beyond_ = 0;
    std::uint64_t entry_ = 0;
    std::uint64_t end_ = 0;
};

}  // namespace loader
