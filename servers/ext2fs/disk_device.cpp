// SPDX-License-Identifier: MIT
#include "servers/ext2fs/disk_device.hpp"

#include "libs/base/align.hpp"
#include "servers/ext2fs/block_cache.hpp"

namespace ext2 {
namespace {

// Far below where the Linux library places what a program maps without naming an address, and above
// all that a program is linked at.
constexpr std::uint64_t buffer_address = 0x1000'0000'0000;

}  // namespace

base::Result<std::unique_ptr<DiskDevice>, ipc::Failure> DiskDevice::attach(
    ipc::Ref<block::Disk> disk) {
    auto answer = TRY(ipc::call(disk, block::Attach{}));
    const auto memory = answer.take<ipc::Memory>();
    const std::uint64_t bytes = base::align_down(answer.reply.buffer_bytes, BlockCache::page_bytes);
    if (bytes == 0 || answer.reply.sectors == 0) {
        return base::fail(ipc::Failure{Status::invalid});
    }
    TRY(ipc::own_space()->map(memory.ref(), {.address = buffer_address, .length = bytes}));
    std::unique_ptr<DiskDevice> device{new DiskDevice{disk}};
    device->sectors_ = answer.reply.sectors;
    device->read_only_ = answer.reply.read_only != 0;
    device->buffer_ = {reinterpret_cast<std::byte*>(buffer_address), bytes};
    return device;
}

}  // namespace ext2
