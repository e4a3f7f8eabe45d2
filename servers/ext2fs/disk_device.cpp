// SPDX-License-Identifier: MIT
#include "servers/ext2fs/disk_device.hpp"

#include <algorithm>

#include "libs/base/align.hpp"
#include "servers/ext2fs/block_cache.hpp"

namespace ext2 {

base::Result<std::unique_ptr<DiskDevice>, ipc::Failure> DiskDevice::attach(
    ipc::Ref<block::Disk> disk) {
    auto answer = TRY(ipc::call(disk, block::Attach{}));
    const auto memory = answer.take<ipc::Memory>();
    const std::uint64_t bytes =
        std::min(base::align_down(answer.reply.buffer_bytes, BlockCache::page_bytes), most_buffer);
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
