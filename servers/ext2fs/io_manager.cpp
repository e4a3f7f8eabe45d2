// SPDX-License-Identifier: MIT
#include "servers/ext2fs/io_manager.hpp"

#include <cstring>

namespace ext2 {
namespace {

BlockCache* next_cache = nullptr;

BlockCache& cache_of(io_channel channel) {
    return *static_cast<BlockCache*>(channel->private_data);
}

// A negative count is a length in bytes.
std::size_t length_of(io_channel channel, int count) {
    return count < 0 ? static_cast<std::size_t>(-static_cast<long>(count))
                     : static_cast<std::size_t>(count) * static_cast<unsigned>(channel->block_size);
}

std::uint64_t offset_of(io_channel channel, unsigned long long block) {
    return block * static_cast<unsigned>(channel->block_size);
}

errcode_t open_channel(const char* name, int, io_channel* result) {
    auto* channel = static_cast<io_channel>(std::calloc(1, sizeof(struct_io_channel)));
    char* copy = channel != nullptr ? strdup(name) : nullptr;
    if (copy == nullptr) {
        std::free(channel);
        return EXT2_ET_NO_MEMORY;
    }
    channel->magic = EXT2_ET_MAGIC_IO_CHANNEL;
    channel->manager = io_manager_for(*next_cache);
    channel->name = copy;
    channel->block_size = 1024;
    channel->refcount = 1;
    channel->private_data = next_cache;
    *result = channel;
    return 0;
}

errcode_t close_channel(io_channel channel) {
    if (--channel->refcount == 0) {
        std::free(channel->name);
        std::free(channel);
    }
    return 0;
}

errcode_t set_block_size(io_channel channel, int size) {
    channel->block_size = size;
    return 0;
}

errcode_t read_blocks64(io_channel channel, unsigned long long block, int count, void* data) {
    const Status status = cache_of(channel).read(
        offset_of(channel, block), {static_cast<std::byte*>(data), length_of(channel, count)});
    return status == Status::ok ? 0 : EXT2_ET_SHORT_READ;
}

errcode_t write_blocks64(io_channel channel, unsigned long long block, int count,
                         const void* data) {
    const Status status =
        cache_of(channel).write(offset_of(channel, block),
                                {static_cast<const std::byte*>(data), length_of(channel, count)});
    return status == Status::ok ? 0 : EXT2_ET_SHORT_WRITE;
}

errcode_t read_blocks(io_channel channel, unsigned long block, int count, void* data) {
    return read_blocks64(channel, block, count, data);
}

errcode_t write_blocks(io_channel channel, unsigned long block, int count, const void* data) {
    return write_blocks64(channel, block, count, data);
}

errcode_t write_bytes(io_channel channel, unsigned long offset, int count, const void* data) {
    const Status status = cache_of(channel).write(
        offset, {static_cast<const std::byte*>(data), static_cast<std::size_t>(count)});
    return status == Status::ok ? 0 : EXT2_ET_SHORT_WRITE;
}

// The volume decides when the disk is flushed; the library also flushes in the middle of things.
errcode_t flush_channel(io_channel) { return 0; }

struct_io_manager manager = [] {
    struct_io_manager m{};
    m.magic = EXT2_ET_MAGIC_IO_MANAGER;
    m.name = "CLUU block cache";
    m.open = open_channel;
    m.close = close_channel;
    m.set_blksize = set_block_size;
    m.read_blk = read_blocks;
    m.write_blk = write_blocks;
    m.flush = flush_channel;
    m.write_byte = write_bytes;
    m.read_blk64 = read_blocks64;
    m.write_blk64 = write_blocks64;
    return m;
}();

}  // namespace

io_manager io_manager_for(BlockCache& cache) {
    next_cache = &cache;
    return &manager;
}

}  // namespace ext2
