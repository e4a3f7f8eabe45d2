// SPDX-License-Identifier: MIT
#include "drivers/virtio_blk/transport.hpp"

#include "libs/base/align.hpp"

namespace virtio {
namespace {

constexpr std::uint16_t no_vector = 0xffff;

Result<std::uint32_t> configuration(ipc::Ref<device::Device> device, std::uint32_t offset,
                                    std::uint32_t bytes) {
    const auto answer =
        TRY(ipc::call(device, device::ReadConfiguration{.offset = offset, .bytes = bytes}));
    return answer.reply.value;
}

// 4.1.4: which block a vendor-specific capability describes.
enum BlockKind : std::uint32_t { common_block = 1, notify_block, interrupt_block, device_block };

void store(volatile std::uint32_t (&pair)[2], std::uint64_t address) {
    pair[0] = static_cast<std::uint32_t>(address);
    pair[1] = static_cast<std::uint32_t>(address >> 32);
}

}  // namespace

Result<Transport> Transport::open(ipc::Ref<device::Device> device) {
    Transport transport;
    TRY(transport.find_blocks(device));
    if (transport.common_.length < sizeof(CommonRegisters) || transport.notify_.length < 2 ||
        transport.interrupt_.length < 1) {
        return base::fail(Failure{Status::unsupported});
    }
    return transport;
}

Result<void> Transport::find_blocks(ipc::Ref<device::Device> device) {
    constexpr std::uint32_t first_capability = 0x34;
    constexpr std::uint32_t vendor_specific = 0x09;
    auto at = TRY(configuration(device, first_capability, 1)) & 0xfc;
    for (int steps = 0; at != 0 && steps < 48; ++steps) {
        if (at <= 0xec && TRY(configuration(device, at, 1)) == vendor_specific) {
            const auto kind = TRY(configuration(device, at + 3, 1));
            const auto bar = TRY(configuration(device, at + 4, 1));
            const auto offset = TRY(configuration(device, at + 8, 4));
            const auto length = TRY(configuration(device, at + 12, 4));
            Block* block = kind == common_block      ? &common_
                           : kind == notify_block    ? &notify_
                           : kind == interrupt_block ? &interrupt_
                           : kind == device_block    ? &device_
                                                     : nullptr;
            // The first of its kind is the one to use.
            if (block != nullptr && block->start == nullptr) {
                *block = TRY(map_block(device, bar, offset, length));
                if (kind == notify_block) {
                    notify_multiplier_ = TRY(configuration(device, at + 16, 4));
                }
            }
        }
        at = TRY(configuration(device, at + 1, 1)) & 0xfc;
    }
    return {};
}

Result<Transport::Block> Transport::map_block(ipc::Ref<device::Device> device, std::uint32_t bar,
                                              std::uint32_t offset, std::uint32_t length) {
    if (bar >= std::size(bars_)) {
        return base::fail(Failure{Status::unsupported});
    }
    if (!bars_[bar]) {
        auto answer = TRY(ipc::call(device, device::MapRegisters{.bar = bar}));
        const auto memory = answer.take<ipc::Memory>();
        constexpr std::uint64_t flags =
            abi::MapFlags::read | abi::MapFlags::write | abi::MapFlags::uncached;
        bars_[bar] = TRY(rt::map(memory.ref(), {.length = answer.reply.bytes, .flags = flags}));
    }
    const auto bytes = bars_[bar].bytes();
    if (!base::range_fits(offset, length, bytes.size())) {
        return base::fail(Failure{Status::unsupported});
    }
    return Block{bytes.data() + offset, length};
}

Result<std::uint64_t> Transport::negotiate(std::uint64_t wanted) {
    common().status = 0;
    while (common().status != 0) {
        ipc::sys::yield();
    }
    common().status = DeviceStatus::acknowledge;
    common().status = DeviceStatus::acknowledge | DeviceStatus::driver;
    std::uint64_t offered = 0;
    for (std::uint32_t half = 0; half < 2; ++half) {
        common().device_feature_select = half;
        offered |= std::uint64_t{common().device_feature} << (32 * half);
    }
    const std::uint64_t agreed = offered & (wanted | feature_version_1);
    for (std::uint32_t half = 0; half < 2; ++half) {
        common().driver_feature_select = half;
        common().driver_feature = static_cast<std::uint32_t>(agreed >> (32 * half));
    }
    common().status = DeviceStatus::acknowledge | DeviceStatus::driver | DeviceStatus::features_ok;
    const bool accepted = (common().status & DeviceStatus::features_ok) != 0;
    if (!accepted || (agreed & feature_version_1) == 0) {
        common().status = DeviceStatus::failed;
        return base::fail(Failure{Status::unsupported});
    }
    return agreed;
}

Result<std::uint16_t> Transport::set_up_queue(std::uint16_t queue, std::uint16_t most,
                                              const QueueAddresses& addresses,
                                              bool message_signalled) {
    common().msix_config = no_vector;
    common().queue_select = queue;
    const std::uint16_t offered = common().queue_size;
    if (offered == 0) {
        return base::fail(Failure{Status::unsupported});
    }
    const std::uint16_t size = std::min(offered, most);
    common().queue_size = size;
    common().queue_msix_vector = message_signalled ? std::uint16_t{0} : no_vector;
    if (message_signalled && common().queue_msix_vector != 0) {
        return base::fail(Failure{Status::unsupported});
    }
    store(common().queue_descriptors, addresses.descriptors);
    store(common().queue_driver, addresses.driver_area);
    store(common().queue_device, addresses.device_area);
    const std::uint64_t offset = std::uint64_t{common().queue_notify_offset} * notify_multiplier_;
    if (!base::range_fits(offset, 2, notify_.length)) {
        return base::fail(Failure{Status::unsupported});
    }
    notify_offset_ = static_cast<std::uint16_t>(offset);
    common().queue_enable = 1;
    return size;
}

void Transport::start() {
    common().status = DeviceStatus::acknowledge | DeviceStatus::driver | DeviceStatus::features_ok |
                      DeviceStatus::driver_ok;
}

void Transport::notify(std::uint16_t queue) const {
    *reinterpret_cast<volatile std::uint16_t*>(notify_.start + notify_offset_) = queue;
}

std::uint8_t Transport::interrupt_status() const {
    return *reinterpret_cast<const volatile std::uint8_t*>(interrupt_.start);
}

}  // namespace virtio
