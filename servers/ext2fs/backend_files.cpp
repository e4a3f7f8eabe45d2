// SPDX-License-Identifier: MIT
// Attributes and contents.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "libs/base/align.hpp"
#include "servers/ext2fs/backend.hpp"
#include "servers/ext2fs/blocks.hpp"

namespace ext2 {

Result<fs::Attributes> Ext2Backend::attributes(Inode inode) {
    const LiveInode* live = TRY(inodes_.get(inode));
    return live->disk.attributes(volume_);
}

Result<void> Ext2Backend::change(Inode inode, const AttributeChange& change) {
    using Set = fs::SetAttributes;
    TRY(volume_.begin_change());
    LiveInode* live = TRY(inodes_.get(inode));
    const fs::Attributes now = live->disk.attributes(volume_);
    if ((change.which & Set::mode) != 0) {
        live->disk.set_mode(change.values.mode);
    }
    if ((change.which & (Set::user | Set::group)) != 0) {
        live->disk.set_owner((change.which & Set::user) != 0 ? change.values.user : now.user,
                             (change.which & Set::group) != 0 ? change.values.group : now.group);
    }
    if ((change.which & Set::accessed) != 0) {
        live->disk.set_accessed(change.values.accessed);
    }
    if ((change.which & Set::modified) != 0) {
        live->disk.set_modified(change.values.modified);
    }
    live->disk.set_changed(clock_.now());
    live->dirty = true;
    return {};
}

Result<std::string_view> Ext2Backend::read_link(Inode inode, std::span<char> buffer) {
    LiveInode* live = TRY(inodes_.get(inode));
    DiskInode& disk = live->disk;
    const std::size_t length = std::min<std::uint64_t>(disk.size(), buffer.size());
    if (ext2fs_is_fast_symlink(disk.raw()) != 0) {
        const std::size_t fast = std::min(length, sizeof disk.large().i_block);
        std::memcpy(buffer.data(), disk.large().i_block, fast);
        return std::string_view{buffer.data(), fast};
    }
    TRY(read_blocks(volume_, disk, 0, std::as_writable_bytes(buffer.first(length))));
    return std::string_view{buffer.data(), length};
}

Result<std::size_t> Ext2Backend::read(Inode inode, std::uint64_t offset,
                                      std::span<std::byte> buffer) {
    LiveInode* live = TRY(inodes_.get(inode));
    const std::uint64_t size = live->disk.size();
    if (offset >= size) {
        return std::size_t{0};
    }
    const std::size_t length = std::min<std::uint64_t>(buffer.size(), size - offset);
    TRY(pages_.read(*live, offset, buffer.first(length)));
    return length;
}

Result<std::size_t> Ext2Backend::write(Inode inode, std::uint64_t offset,
                                       std::span<const std::byte> data) {
    if (data.empty()) {
        return std::size_t{0};
    }
    // Asking the disk uses the message page, where the data may lie.
    std::array<std::byte, abi::message_bytes> kept;
    const auto piece = std::span{kept}.first(std::min(data.size(), kept.size()));
    std::memcpy(piece.data(), data.data(), piece.size());
    TRY(volume_.begin_change());
    LiveInode* live = TRY(inodes_.get(inode));
    const std::size_t count = TRY(pages_.write(*live, offset, piece));
    touch(*live);
    return count;
}

Result<void> Ext2Backend::truncate(Inode inode, std::uint64_t size) {
    TRY(volume_.begin_change());
    LiveInode* live = TRY(inodes_.get(inode));
    TRY(pages_.truncate(*live, size));
    touch(*live);
    return {};
}

// Only inside the file: blocks beyond the end are something that ext2 does not have.
Result<void> Ext2Backend::allocate(Inode inode, std::uint64_t offset, std::uint64_t length) {
    TRY(volume_.begin_change());
    LiveInode* live = TRY(inodes_.get(inode));
    const std::uint32_t block_bytes = volume_.block_bytes();
    const std::uint64_t end = std::min(live->disk.size(), offset + length);
    const std::vector<std::byte> zeros(block_bytes);
    for (std::uint64_t at = base::align_down(offset, block_bytes); at < end; at += block_bytes) {
        if (TRY(block_at(volume_, live->disk, at / block_bytes, false)) == 0) {
            TRY(write_blocks(volume_, live->disk, at, zeros));
            live->dirty = true;
        }
    }
    return {};
}

Result<fs_server::MappedFile> Ext2Backend::map(Inode inode, bool writable) {
    if (writable && volume_.read_only()) {
        return base::fail(Status::read_only);
    }
    LiveInode* live = TRY(inodes_.get(inode));
    TRY(pages_.load(*live));
    auto mapped = TRY(live->data->map(writable));
    live->written_behind = live->written_behind || writable;
    mapped.size = live->disk.size();
    return mapped;
}

Result<void> Ext2Backend::sync(Inode inode, bool) {
    LiveInode* live = TRY(inodes_.get(inode));
    TRY(pages_.flush(*live, true));
    TRY(inodes_.write_all());
    return volume_.flush();
}

Result<void> Ext2Backend::flush(bool unseen) {
    TRY(pages_.flush_all(unseen));
    TRY(inodes_.write_all());
    return volume_.flush();
}

Result<fs_server::Usage> Ext2Backend::usage() {
    auto* super = volume_.fs()->super;
    return fs_server::Usage{.type = 1,
                            .block_size = volume_.block_bytes(),
                            .blocks = ext2fs_blocks_count(super),
                            .free_blocks = ext2fs_free_blocks_count(super),
                            .inodes = super->s_inodes_count,
                            .free_inodes = super->s_free_inodes_count};
}

}  // namespace ext2
