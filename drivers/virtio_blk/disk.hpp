// SPDX-License-Identifier: MIT
// A virtio block device (VIRTIO 1.2, 5.2).
//
// One request is under way at a time; its data is in the buffer that the driver shares with its
// client. If the device says that it failed, the request is an io_error. There is no time limit: a
// disk may take its time, and on a machine whose clock runs ahead of its devices (QEMU counting
// instructions) any limit would be reached.
#pragma once

#include "drivers/virtio_blk/queue.hpp"
#include "drivers/virtio_blk/transport.hpp"

namespace virtio {

class Disk {
public:
    static constexpr std::uint32_t sector_bytes = 512;
    static constexpr std::uint32_t buffer_bytes = 256 << 10;

    static Result<Disk> open(ipc::Ref<device::Bus> bus);

    [[nodiscard]] std::uint64_t sectors() const { return sectors_; }
    [[nodiscard]] bool read_only() const { return read_only_; }
    [[nodiscard]] ipc::Ref<ipc::Memory> buffer() const { return buffer_; }

    struct Transfer {
        std::uint64_t sector = 0;
        std::uint32_t count = 0;
        std::uint32_t buffer_offset = 0;
    };
    [[nodiscard]] Status read(const Transfer& transfer);
    [[nodiscard]] Status write(const Transfer& transfer);
    [[nodiscard]] Status flush();

private:
    // The request's header and status, in the page after the queue's.
    struct RequestPage {
        std::uint32_t type;
        std::uint32_t reserved;
        std::uint64_t sector;
        std::uint8_t status;
    };
    enum class Type : std::uint32_t { in = 0, out = 1, flush = 4 };

    [[nodiscard]] Result<void> set_up(ipc::Ref<device::Device> device);
    [[nodiscard]] Status check(const Transfer& transfer) const;
    [[nodiscard]] Status run(Type type, const Transfer& transfer);
    [[nodiscard]] bool wait_until_done();

    ipc::Capability<device::Device> device_;
    Transport transport_;
    Queue queue_;
    rt::Mapping queue_pages_;
    std::uint64_t request_address_ = 0;
    ipc::Capability<ipc::Memory> buffer_;
    std::uint64_t buffer_address_ = 0;
    ipc::Capability<ipc::Notification> completion_;
    ipc::Capability<ipc::Interrupt> interrupt_;
    bool message_signalled_ = false;
    std::uint64_t sectors_ = 0;
    bool read_only_ = false;
    bool can_flush_ = false;
};

}  // namespace virtio
