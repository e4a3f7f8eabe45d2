// SPDX-License-Identifier: MIT
//
// Mappings of Memory objects into the program's own address space, at an address that does not
// matter.
//
//   rt::Mapping ring = TRY(rt::map(memory, {.length = 8192}));
//   ring.bytes()...                     // unmapped when `ring` dies
//
// One thread at a time: the search for a free address is not locked.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "libs/ipc/kernel_objects.hpp"

namespace rt {

// What a dying Mapping does: the addresses are the first to be used again, so that the page tables that they have
// cost nothing new.
void unmap(std::uint64_t address, std::uint64_t length);

class [[nodiscard]] Mapping {
public:
    Mapping() = default;
    Mapping(std::uint64_t address, std::uint64_t length) : address_(address), length_(length) {}
    Mapping(Mapping&& other) noexcept
        : address_(std::exchange(other.address_, 0)), length_(std::exchange(other.length_, 0)) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(address_, other.address_);
        std::swap(length_, other.length_);
        return *this;
    }
    ~Mapping() {
        if (length_ != 0) {
            unmap(address_, length_);
        }
    }

    explicit operator bool() const { return length_ != 0; }
    [[nodiscard]] std::uint64_t address() const { return address_; }
    [[nodiscard]] std::uint64_t length() const { return length_; }
    [[nodiscard]] std::span<std::byte> bytes() const {
        return {reinterpret_cast<std::byte*>(address_), length_};
    }
    template <class T>
    [[nodiscard]] T* as() const {
        return reinterpret_cast<T*>(address_);
    }
    // Leaves it mapped for as long as the program lives.
    std::span<std::byte> keep() {
        const auto all = bytes();
        length_ = 0;
        return all;
    }

private:
    std::uint64_t address_ = 0;
    std::uint64_t length_ = 0;
};

struct MapOptions {
    std::uint64_t length;      // rounded up to whole pages
    std::uint64_t offset = 0;  // in the Memory
    std::uint64_t flags = abi::MapFlags::read | abi::MapFlags::write;
};

// With an unmapped page after it, so that an overrun faults.
ipc::KernelResult<Mapping> map(ipc::Ref<ipc::Memory> memory, const MapOptions& options);

// A range of free addresses, nothing mapped there.
ipc::KernelResult<std::uint64_t> find_free(std::uint64_t length);

}  // namespace rt
