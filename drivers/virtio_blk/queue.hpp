// SPDX-License-Identifier: MIT
// A split virtqueue (VIRTIO 1.2, 2.7) that carries one request at a time.
//
//      page    +0     descriptors, 16 bytes each
//              +1024  driver area ("available"): flags, index, ring
//              +2048  device area ("used"): flags, index, ring of {id, length}
//
// The page is memory that the device may write, so nothing that is read here is trusted beyond "a
// request was completed".
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace virtio {

struct Descriptor {
    static constexpr std::uint16_t has_next = 1, device_writes = 2;
    std::uint64_t address;
    std::uint32_t length;
    std::uint16_t flags;
    std::uint16_t next;
};
static_assert(sizeof(Descriptor) == 16);

class Queue {
public:
    static constexpr std::uint16_t most = 8;
    static constexpr std::size_t bytes = 4096;
    static constexpr std::size_t driver_area = 1024;
    static constexpr std::size_t device_area = 2048;

    Queue() = default;
    // `page` is zero at first.
    Queue(std::byte* page, std::uint16_t size) : page_(page), size_(size) {}

    [[nodiscard]] Descriptor& descriptor(std::size_t i) const {
        return reinterpret_cast<Descriptor*>(page_)[i];
    }
    // Offers the chain that starts with descriptor 0.
    void offer() {
        auto* area = reinterpret_cast<std::uint16_t*>(page_ + driver_area);
        area[2 + offered_ % size_] = 0;
        ++offered_;
        // The device must see descriptors and ring before the index.
        std::atomic_ref{area[1]}.store(offered_, std::memory_order_seq_cst);
    }
    // Is all that was offered done?
    [[nodiscard]] bool done() const {
        auto* area = reinterpret_cast<std::uint16_t*>(page_ + device_area);
        return std::atomic_ref{area[1]}.load(std::memory_order_acquire) == offered_;
    }

private:
    std::byte* page_ = nullptr;
    std::uint16_t size_ = 1;
    std::uint16_t offered_ = 0;
};

}  // namespace virtio
