// SPDX-License-Identifier: MIT
// A page of shared memory, which the container pays for: state of a description that a forked child
// or another image goes on using.
#pragma once

#include <cstdint>
#include <utility>

#include "libs/ipc/kernel_objects.hpp"
#include "linux/syscalls/errno_map.hpp"

namespace linux::fd {

class SharedPage {
public:
    static Result<SharedPage> create();  // all zero
    static Result<SharedPage> map(ipc::Capability<ipc::Memory> memory);
    SharedPage(SharedPage&& other) noexcept
        : memory_(std::move(other.memory_)), address_(std::exchange(other.address_, 0)) {}
    SharedPage& operator=(SharedPage&&) = delete;
    ~SharedPage();

    template <class T>
    [[nodiscard]] T& as() const {
        static_assert(sizeof(T) <= abi::page_size);
        return *reinterpret_cast<T*>(address_);
    }
    [[nodiscard]] ipc::CapIndex memory() const { return memory_.index(); }

private:
    SharedPage(ipc::Capability<ipc::Memory> memory, std::uint64_t address)
        : memory_(std::move(memory)), address_(address) {}

    ipc::Capability<ipc::Memory> memory_;
    std::uint64_t address_;
};

}  // namespace linux::fd
