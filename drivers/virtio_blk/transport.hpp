// SPDX-License-Identifier: MIT
// A modern virtio device on PCI (VIRTIO 1.2, 4.1): finding its register blocks, agreeing on
// features, setting a queue up.
#pragma once

#include "interfaces/device.hpp"
#include "libs/ipc/protocol.hpp"
#include "libs/rt/mapping.hpp"

namespace virtio {

// 4.1.4.3, the common configuration; device-independent.
struct CommonRegisters {
    std::uint32_t device_feature_select;
    std::uint32_t device_feature;
    std::uint32_t driver_feature_select;
    std::uint32_t driver_feature;
    std::uint16_t msix_config;
    std::uint16_t queue_count;
    std::uint8_t status;
    std::uint8_t config_generation;
    std::uint16_t queue_select;
    std::uint16_t queue_size;
    std::uint16_t queue_msix_vector;
    std::uint16_t queue_enable;
    std::uint16_t queue_notify_offset;
    std::uint32_t queue_descriptors[2];
    std::uint32_t queue_driver[2];
    std::uint32_t queue_device[2];
};
static_assert(sizeof(CommonRegisters) == 56);

struct DeviceStatus {
    static constexpr std::uint8_t acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8,
                                  failed = 128;
};

inline constexpr std::uint64_t feature_version_1 = std::uint64_t{1} << 32;

struct QueueAddresses {
    std::uint64_t descriptors, driver_area, device_area;
};

using interfaces::Status;
using ipc::Failure;
template <class T>
using Result = base::Result<T, Failure>;

class Transport {
public:
    static Result<Transport> open(ipc::Ref<device::Device> device);

    // Resets the device and agrees on those of `wanted` that it has; version 1 must be among them.
    [[nodiscard]] Result<std::uint64_t> negotiate(std::uint64_t wanted);
    // -> the queue's size, at most `most`. Its interrupts go to MSI-X entry 0, if there is one.
    [[nodiscard]] Result<std::uint16_t> set_up_queue(std::uint16_t queue, std::uint16_t most,
                                                     const QueueAddresses& addresses,
                                                     bool message_signalled);
    void start();
    void notify(std::uint16_t queue) const;
    // Of a pin interrupt: reading lets it go.
    [[nodiscard]] std::uint8_t interrupt_status() const;

    template <class T>
    [[nodiscard]] T device_field(std::size_t offset) const {
        return offset + sizeof(T) <= device_.length
                   ? *reinterpret_cast<const volatile T*>(device_.start + offset)
                   : T{};
    }

private:
    struct Block {  // of registers, inside a BAR
        std::byte* start = nullptr;
        std::size_t length = 0;
    };

    [[nodiscard]] Result<void> find_blocks(ipc::Ref<device::Device> device);
    [[nodiscard]] Result<Block> map_block(ipc::Ref<device::Device> device, std::uint32_t bar,
                                          std::uint32_t offset, std::uint32_t length);
    [[nodiscard]] volatile CommonRegisters& common() const {
        return *reinterpret_cast<volatile CommonRegisters*>(common_.start);
    }

    rt::Mapping bars_[6];
    Block common_, notify_, interrupt_, device_;
    std::uint32_t notify_multiplier_ = 0;
    std::uint16_t notify_offset_ = 0;  // of the one queue
};

}  // namespace virtio
