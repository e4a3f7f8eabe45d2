// SPDX-License-Identifier: MIT
#include "drivers/virtio_blk/disk.hpp"

#include <atomic>

#include "libs/base/align.hpp"
#include "libs/rt/log.hpp"

namespace virtio {
namespace {

constexpr std::uint64_t feature_read_only = 1 << 5;
constexpr std::uint64_t feature_flush = 1 << 9;
constexpr std::size_t capacity_field = 0;  // of the device's registers, in sectors
constexpr std::uint32_t header_bytes = 16;
constexpr std::uint8_t unanswered = 0xff;

}  // namespace

Result<Disk> Disk::open(ipc::Ref<device::Bus> bus) {
    Disk disk;
    auto acquired = TRY(ipc::call(bus, device::Acquire{.index = 0}));
    disk.device_ = acquired.take<device::Device>();
    disk.transport_ = TRY(Transport::open(disk.device_.ref()));
    TRY(disk.set_up(disk.device_.ref()));
    return disk;
}

Result<void> Disk::set_up(ipc::Ref<device::Device> device) {
    const std::uint64_t features = TRY(transport_.negotiate(feature_read_only | feature_flush));
    read_only_ = (features & feature_read_only) != 0;
    can_flush_ = (features & feature_flush) != 0;

    auto interrupt = TRY(ipc::call(device, device::GetInterrupt{.index = 0}));
    interrupt_ = interrupt.take<ipc::Interrupt>();
    message_signalled_ = interrupt.reply.message_signalled != 0;
    completion_ = TRY(ipc::own_bank()->create_notification());
    TRY(interrupt_->bind(completion_.ref(), 1));

    auto queue_memory = TRY(ipc::call(device, device::GetDmaMemory{.bytes = 2 * Queue::bytes}));
    const std::uint64_t address = queue_memory.reply.address;
    queue_pages_ =
        TRY(rt::map(queue_memory.take<ipc::Memory>().ref(), {.length = 2 * Queue::bytes}));
    request_address_ = address + Queue::bytes;
    const std::uint16_t size =
        TRY(transport_.set_up_queue(0, Queue::most,
                                    {.descriptors = address,
                                     .driver_area = address + Queue::driver_area,
                                     .device_area = address + Queue::device_area},
                                    message_signalled_));
    if (size < 3) {
        return base::fail(Failure{Status::unsupported});
    }
    queue_ = Queue{queue_pages_.bytes().data(), size};

    auto buffer = TRY(ipc::call(device, device::GetDmaMemory{.bytes = buffer_bytes}));
    buffer_address_ = buffer.reply.address;
    buffer_ = buffer.take<ipc::Memory>();
    sectors_ = transport_.device_field<std::uint64_t>(capacity_field);
    transport_.start();
    return {};
}

Status Disk::check(const Transfer& transfer) const {
    const std::uint64_t bytes = std::uint64_t{transfer.count} * sector_bytes;
    if (transfer.count == 0 || !base::range_fits(transfer.buffer_offset, bytes, buffer_bytes)) {
        return Status::invalid;
    }
    return base::range_fits(transfer.sector, transfer.count, sectors_) ? Status::ok
                                                                       : Status::out_of_range;
}

Status Disk::read(const Transfer& transfer) {
    const Status bad = check(transfer);
    return bad != Status::ok ? bad : run(Type::in, transfer);
}

Status Disk::write(const Transfer& transfer) {
    if (read_only_) {
        return Status::read_only;
    }
    const Status bad = check(transfer);
    return bad != Status::ok ? bad : run(Type::out, transfer);
}

// A device without the feature has nothing that could be lost.
Status Disk::flush() { return can_flush_ ? run(Type::flush, {}) : Status::ok; }

// A chain of header, data (not for a flush), and the byte in which the device answers.
Status Disk::run(Type type, const Transfer& transfer) {
    auto* request = reinterpret_cast<RequestPage*>(queue_pages_.bytes().data() + Queue::bytes);
    *request = {
        .type = static_cast<std::uint32_t>(type), .sector = transfer.sector, .status = unanswered};
    queue_.descriptor(0) = {request_address_, header_bytes, Descriptor::has_next, 1};
    std::uint16_t last = 1;
    if (type != Type::flush) {
        const std::uint16_t direction = type == Type::in ? Descriptor::device_writes : 0;
        queue_.descriptor(1) = {buffer_address_ + transfer.buffer_offset,
                                transfer.count * sector_bytes,
                                static_cast<std::uint16_t>(Descriptor::has_next | direction), 2};
        last = 2;
    }
    queue_.descriptor(last) = {request_address_ + offsetof(RequestPage, status), 1,
                               Descriptor::device_writes, 0};
    queue_.offer();
    transport_.notify(0);
    if (!wait_until_done()) {
        return Status::io_error;
    }
    const std::uint8_t status = std::atomic_ref{request->status}.load(std::memory_order_acquire);
    if (status != 0) {
        rt::log("the disk failed: status ", status, ", sector ", transfer.sector);
    }
    return status == 0 ? Status::ok : Status::io_error;
}

bool Disk::wait_until_done() {
    while (!queue_.done()) {
        if (!completion_->wait()) {
            return false;
        }
        if (!message_signalled_) {
            (void)transport_.interrupt_status();
        }
        (void)interrupt_->acknowledge();
    }
    return true;
}

}  // namespace virtio
