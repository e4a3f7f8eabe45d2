// SPDX-License-Identifier: MIT
// Attributes, symbolic links' targets, and the life of an inode.
#include <algorithm>
#include <cstring>

#include "servers/ext2fs/backend.hpp"

namespace ext2 {

Result<fs::Attributes> Ext2Backend::attributes(Inode inode) {
    const DiskInode disk = TRY(DiskInode::read(volume_, inode));
    return disk.attributes(volume_);
}

Result<void> Ext2Backend::change(Inode inode, const AttributeChange& change) {
    using Set = fs::SetAttributes;
    TRY(volume_.begin_change());
    DiskInode disk = TRY(DiskInode::read(volume_, inode));
    const fs::Attributes now = disk.attributes(volume_);
    if ((change.which & Set::mode) != 0) {
        disk.set_mode(change.values.mode);
    }
    if ((change.which & (Set::user | Set::group)) != 0) {
        disk.set_owner((change.which & Set::user) != 0 ? change.values.user : now.user,
                       (change.which & Set::group) != 0 ? change.values.group : now.group);
    }
    if ((change.which & Set::accessed) != 0) {
        disk.set_accessed(change.values.accessed);
    }
    if ((change.which & Set::modified) != 0) {
        disk.set_modified(change.values.modified);
    }
    disk.set_changed(clock_.now());
    return disk.write(volume_);
}

Result<std::string_view> Ext2Backend::read_link(Inode inode, std::span<char> buffer) {
    DiskInode disk = TRY(DiskInode::read(volume_, inode));
    const std::size_t length = std::min<std::uint64_t>(disk.size(), buffer.size());
    if (ext2fs_is_fast_symlink(disk.raw()) != 0) {
        const std::size_t fast = std::min(length, sizeof disk.large().i_block);
        std::memcpy(buffer.data(), disk.large().i_block, fast);
        return std::string_view{buffer.data(), fast};
    }
    TRY(read_blocks(disk, 0, std::as_writable_bytes(buffer.first(length))));
    return std::string_view{buffer.data(), length};
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

void Ext2Backend::hold(Inode inode) { ++live_[inode.value()].holds; }

void Ext2Backend::release(Inode inode) {
    const auto found = live_.find(inode.value());
    if (found == live_.end() || --found->second.holds != 0) {
        return;
    }
    Live& live = found->second;
    // Nobody is left to be told of a failure; the log has it.
    if (live.orphan) {
        volume_.remove_orphan();
        if (volume_.begin_change()) {
            if (auto disk = DiskInode::read(volume_, inode)) {
                (void)free_inode(*disk);
            }
        }
        live_.erase(found);
        return;
    }
    if (live.written_behind) {
        (void)write_back(inode, live);
    }
    if (!live.data) {
        live_.erase(found);
    }
}

// After a directory entry is gone. `inode` has the link count of before.
Result<void> Ext2Backend::drop_name(DiskInode& inode) {
    auto& raw = inode.large();
    const bool is_directory = inode.kind() == fs::Kind::directory;
    raw.i_links_count = is_directory || raw.i_links_count == 0
                            ? 0
                            : static_cast<std::uint16_t>(raw.i_links_count - 1);
    inode.set_changed(clock_.now());
    const auto live = live_.find(inode.inode().value());
    if (raw.i_links_count != 0) {
        return inode.write(volume_);
    }
    if (live != live_.end() && live->second.holds != 0) {
        if (!live->second.orphan) {
            live->second.orphan = true;
            volume_.add_orphan();
        }
        return inode.write(volume_);
    }
    if (live != live_.end()) {
        live_.erase(live);
    }
    return free_inode(inode);
}

Result<void> Ext2Backend::free_inode(DiskInode& inode) {
    const ext2_filsys disk = volume_.fs();
    const ext2_ino_t number = number_of(inode.inode());
    const bool is_directory = inode.kind() == fs::Kind::directory;
    TRY(volume_.check(ext2fs_free_ext_attr(disk, number, &inode.large())));
    if (ext2fs_inode_has_valid_blocks2(disk, inode.raw()) != 0) {
        TRY(volume_.check(ext2fs_punch(disk, number, inode.raw(), nullptr, 0, ~blk64_t{0})));
    }
    inode.large().i_dtime = static_cast<std::uint32_t>(clock_.now().seconds);
    inode.large().i_links_count = 0;
    TRY(inode.write(volume_));
    ext2fs_inode_alloc_stats2(disk, number, -1, is_directory ? 1 : 0);
    return {};
}

}  // namespace ext2
