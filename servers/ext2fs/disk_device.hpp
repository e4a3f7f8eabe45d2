// SPDX-License-Identifier: MIT
// The disk on CLUU: protocol `block`. The driver's buffer is mapped here, so that blocks are copied
// once, between it and the cache.
#pragma once

#include <memory>

#include "interfaces/block.hpp"
#include "libs/ipc/kernel_objects.hpp"
#include "libs/ipc/protocol.hpp"
#include "servers/ext2fs/block_device.hpp"

namespace ext2 {

class DiskDevice final : public BlockDevice {
public:
    // Far below where the Linux library places what a program maps without naming an address, and
    // above all that a program is linked at.
    static constexpr std::uint64_t buffer_address = 0x1000'0000'0000;
    static constexpr std::uint64_t most_buffer = 1 << 20;

    // Waits for the driver. not_found: there is no disk.
    static base::Result<std::unique_ptr<DiskDevice>, ipc::Failure> attach(
        ipc::Ref<block::Disk> disk);

    std::uint64_t sectors() const override { return sectors_; }
    bool read_only() const override { return read_only_; }
    std::span<std::byte> buffer() override { return buffer_; }
    Status read(std::uint64_t sector, std::uint32_t count) override {
        return status(ipc::call(disk_, block::Read{.sector = sector, .count = count}));
    }
    Status write(std::uint64_t sector, std::uint32_t count) override {
        return status(ipc::call(disk_, block::Write{.sector = sector, .count = count}));
    }
    Status flush() override { return status(ipc::call(disk_, block::Flush{})); }

private:
    explicit DiskDevice(ipc::Ref<block::Disk> disk) : disk_(disk) {}

    template <class Op>
    static Status status(const ipc::CallResult<Op>& answer) {
        return answer ? Status::ok : ipc::to_status(answer.error());
    }

    ipc::Ref<block::Disk> disk_;
    std::uint64_t sectors_ = 0;
    bool read_only_ = false;
    std::span<std::byte> buffer_;
};

}  // namespace ext2
