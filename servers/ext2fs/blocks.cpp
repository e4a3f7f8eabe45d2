// SPDX-License-Identifier: MIT
#include "servers/ext2fs/blocks.hpp"

#include <algorithm>
#include <vector>

namespace ext2 {
namespace {

Result<void> done(Status status) {
    if (status != Status::ok) {
        return base::fail(status);
    }
    return {};
}

}  // namespace

Result<std::uint64_t> block_at(Volume& volume, DiskInode& inode, std::uint64_t block,
                               bool allocate) {
    // The first blocks of a file without extents stand in the inode itself.
    if (block < EXT2_NDIR_BLOCKS && (inode.large().i_flags & EXT4_EXTENTS_FL) == 0 &&
        inode.large().i_block[block] != 0) {
        return std::uint64_t{inode.large().i_block[block]};
    }
    // With extents, the library reads the inode back from the disk after a change.
    if (allocate && (inode.large().i_flags & EXT4_EXTENTS_FL) != 0) {
        TRY(inode.write(volume));
    }
    const auto map = [&](int flags, blk64_t& physical) {
        int found = 0;
        const errcode_t error = ext2fs_bmap2(volume.fs(), number_of(inode.inode()), inode.raw(),
                                             nullptr, flags, block, &found, &physical);
        return std::pair{error, (found & BMAP_RET_UNINIT) != 0};
    };
    blk64_t physical = 0;
    const auto [error, reserved] = map(allocate ? BMAP_ALLOC : 0, physical);
    TRY(volume.check(error));
    if (!reserved) {
        return physical;
    }
    // A block that was reserved but never written counts as a hole, until it is.
    if (!allocate) {
        return std::uint64_t{0};
    }
    TRY(volume.check(map(BMAP_SET, physical).first));
    return physical;
}

Result<void> read_blocks(Volume& volume, DiskInode& inode, std::uint64_t offset,
                         std::span<std::byte> buffer) {
    const std::uint32_t block_bytes = volume.block_bytes();
    while (!buffer.empty()) {
        const std::uint64_t first = offset / block_bytes;
        const std::size_t within = offset % block_bytes;
        const std::uint64_t physical = TRY(block_at(volume, inode, first, false));
        std::size_t length = std::min<std::size_t>(block_bytes - within, buffer.size());
        for (std::uint64_t next = 1; length < buffer.size(); ++next) {
            const std::uint64_t expected = physical == 0 ? 0 : physical + next;
            if (TRY(block_at(volume, inode, first + next, false)) != expected) {
                break;
            }
            length = std::min<std::size_t>(length + block_bytes, buffer.size());
        }
        if (physical == 0) {
            std::ranges::fill(buffer.first(length), std::byte{});
        } else {
            TRY(done(volume.cache().read(physical * block_bytes + within, buffer.first(length))));
        }
        buffer = buffer.subspan(length);
        offset += length;
    }
    return {};
}

Result<std::size_t> write_blocks(Volume& volume, DiskInode& inode, std::uint64_t offset,
                                 std::span<const std::byte> data) {
    const std::uint32_t block_bytes = volume.block_bytes();
    std::size_t written = 0;
    while (written < data.size()) {
        const std::uint64_t block = (offset + written) / block_bytes;
        const std::size_t within = (offset + written) % block_bytes;
        const std::size_t length =
            std::min<std::size_t>(block_bytes - within, data.size() - written);
        const bool fresh = TRY(block_at(volume, inode, block, false)) == 0;
        if (fresh && !volume.has_room()) {
            if (written != 0) {
                break;
            }
            return base::fail(Status::no_space);
        }
        const std::uint64_t place = TRY(block_at(volume, inode, block, true)) * block_bytes;
        if (fresh && length != block_bytes) {
            const std::vector<std::byte> zeros(block_bytes);
            TRY(done(volume.cache().write(place, zeros)));
        }
        TRY(done(volume.cache().write(place + within, data.subspan(written, length))));
        written += length;
    }
    return written;
}

Result<std::size_t> allocate_blocks(Volume& volume, DiskInode& inode, std::uint64_t offset,
                                    std::size_t length) {
    const std::uint32_t block_bytes = volume.block_bytes();
    const std::uint64_t end = offset + length;
    for (std::uint64_t at = offset; at < end; at = (at / block_bytes + 1) * block_bytes) {
        if (TRY(block_at(volume, inode, at / block_bytes, false)) != 0) {
            continue;
        }
        if (!volume.has_room()) {
            if (at != offset) {
                return static_cast<std::size_t>(at - offset);
            }
            return base::fail(Status::no_space);
        }
        TRY(block_at(volume, inode, at / block_bytes, true));
    }
    return length;
}

}  // namespace ext2
