// SPDX-License-Identifier: MIT
// Names, and the life of what they name.
#include <algorithm>
#include <cstring>

#include "servers/ext2fs/backend.hpp"
#include "servers/ext2fs/blocks.hpp"

namespace ext2 {

Result<Directory> Ext2Backend::directory(Inode inode) {
    LiveInode* live = TRY(inodes_.get(inode));
    return Directory::open(volume_, *live);
}

Result<Inode> Ext2Backend::lookup(const Place& place) {
    inodes_.trim();
    Directory found = TRY(directory(place.directory));
    return found.lookup(place.name);
}

Result<Inode> Ext2Backend::parent(Inode directory) { return lookup({directory, ".."}); }

Result<void> Ext2Backend::list(Inode inode, std::uint64_t cursor, fs_server::DirectorySink& sink) {
    inodes_.trim();
    Directory found = TRY(directory(inode));
    return found.list(cursor, sink);
}

void Ext2Backend::touch(LiveInode& live) {
    const fs::Timestamp now = clock_.now();
    live.disk.set_modified(now);
    live.disk.set_changed(now);
    live.dirty = true;
}

// A name came or went; so many subdirectories more or less.
Result<void> Ext2Backend::touch_directory(Inode inode, int link_change) {
    LiveInode* live = TRY(inodes_.get(inode));
    auto& links = live->disk.large().i_links_count;
    links = static_cast<std::uint16_t>(links + link_change);
    touch(*live);
    return {};
}

// A target of less than 60 bytes stands where the block numbers would.
Result<void> Ext2Backend::fill_link(LiveInode& live, std::string_view target) {
    if (target.size() > volume_.block_bytes()) {
        return base::fail(Status::name_too_long);
    }
    auto& raw = live.disk.large();
    if (target.size() < sizeof raw.i_block) {
        std::memcpy(raw.i_block, target.data(), target.size());
    } else {
        std::string block{target};
        block.resize(volume_.block_bytes());
        TRY(write_blocks(volume_, live.disk, 0, std::as_bytes(std::span{block})));
    }
    return volume_.check(ext2fs_inode_size_set(volume_.fs(), live.disk.raw(), target.size()));
}

// An inode with its first contents, without a name.
Result<LiveInode*> Ext2Backend::make_inode(const Place& place, const NewNode& what) {
    ext2_ino_t number = 0;
    const auto mode = static_cast<std::uint16_t>(mode_bits(what.kind) | what.mode);
    TRY(volume_.check(
        ext2fs_new_inode(volume_.fs(), number_of(place.directory), mode, nullptr, &number)));
    DiskInode disk{Inode{number}, mode, clock_.now()};
    disk.set_owner(what.user, what.group);
    if (what.kind == fs::Kind::character_device || what.kind == fs::Kind::block_device) {
        disk.set_device(what.device_major, what.device_minor);
    }
    const bool is_directory = what.kind == fs::Kind::directory;
    const bool has_blocks =
        is_directory || what.kind == fs::Kind::regular ||
        (what.kind == fs::Kind::symbolic_link && what.target.size() >= sizeof disk.large().i_block);
    if (has_blocks && ext2fs_has_feature_extents(volume_.fs()->super)) {
        // Opening an inode without blocks as a tree of extents makes it an empty one.
        ext2_extent_handle_t tree = nullptr;
        disk.large().i_flags |= EXT4_EXTENTS_FL;
        TRY(volume_.check(ext2fs_extent_open2(volume_.fs(), number, disk.raw(), &tree)));
        ext2fs_extent_free(tree);
    }
    ext2fs_inode_alloc_stats2(volume_.fs(), number, 1, is_directory ? 1 : 0);
    TRY(disk.write_new(volume_));
    LiveInode& live = inodes_.add(disk);
    Result<void> filled;
    if (is_directory) {
        live.disk.large().i_links_count = 2;
        filled = Directory::make_first_block(volume_, live, place.directory);
    } else if (what.kind == fs::Kind::symbolic_link) {
        filled = fill_link(live, what.target);
    }
    if (!filled) {
        TRY(free_inode(live));
        return base::fail(filled.error());
    }
    return &live;
}

Result<Inode> Ext2Backend::make(const Place& place, const NewNode& what) {
    if (!volume_.has_room()) {
        return base::fail(Status::no_space);
    }
    TRY(volume_.begin_change());
    LiveInode* live = TRY(make_inode(place, what));
    const Inode made = live->number();
    Directory into = TRY(directory(place.directory));
    if (const auto entered = into.insert(place.name, made, what.kind); !entered) {
        TRY(free_inode(*live));
        return base::fail(entered.error());
    }
    TRY(touch_directory(place.directory, what.kind == fs::Kind::directory ? 1 : 0));
    return made;
}

Result<void> Ext2Backend::link(const Place& place, Inode target) {
    constexpr std::uint16_t most_links = 32000;
    TRY(volume_.begin_change());
    LiveInode* live = TRY(inodes_.get(target));
    if (live->disk.large().i_links_count >= most_links) {
        return base::fail(Status::limit);
    }
    Directory into = TRY(directory(place.directory));
    TRY(into.insert(place.name, target, live->disk.kind()));
    ++live->disk.large().i_links_count;
    live->disk.set_changed(clock_.now());
    live->dirty = true;
    return touch_directory(place.directory, 0);
}

Result<void> Ext2Backend::remove(const Place& place, Inode target) {
    LiveInode* live = TRY(inodes_.get(target));
    const bool is_directory = live->disk.kind() == fs::Kind::directory;
    if (is_directory) {
        Directory removed = TRY(Directory::open(volume_, *live));
        if (!TRY(removed.is_empty())) {
            return base::fail(Status::not_empty);
        }
    }
    TRY(volume_.begin_change());
    Directory from = TRY(directory(place.directory));
    TRY(from.remove(place.name, target));
    TRY(touch_directory(place.directory, is_directory ? -1 : 0));
    return drop_name(*live);
}

Result<void> Ext2Backend::rename(const Place& from, Inode inode, const Place& to,
                                 std::optional<Inode> replaced) {
    LiveInode* live = TRY(inodes_.get(inode));
    TRY(volume_.begin_change());
    if (replaced) {
        TRY(remove(to, *replaced));
    }
    Directory target = TRY(directory(to.directory));
    TRY(target.insert(to.name, inode, live->disk.kind()));
    Directory source = TRY(directory(from.directory));
    TRY(source.remove(from.name, inode));
    const bool moves_directory =
        live->disk.kind() == fs::Kind::directory && from.directory != to.directory;
    if (moves_directory) {
        Directory moved = TRY(Directory::open(volume_, *live));
        TRY(moved.set_parent(to.directory));
    }
    live->disk.set_changed(clock_.now());
    live->dirty = true;
    TRY(touch_directory(from.directory, moves_directory ? -1 : 0));
    return touch_directory(to.directory, moves_directory ? 1 : 0);
}

void Ext2Backend::hold(Inode inode) {
    if (const auto live = inodes_.get(inode)) {
        ++(*live)->holds;
    }
}

// Nobody is left to be told of a failure here; the log has it.
void Ext2Backend::release(Inode inode) {
    LiveInode* live = inodes_.find(inode);
    if (live == nullptr || live->holds == 0) {
        return;
    }
    --live->holds;
    if (live->holds != 0) {
        return;
    }
    if (live->orphan) {
        volume_.remove_orphan();
        if (volume_.begin_change()) {
            (void)free_inode(*live);
        }
    } else if (live->written_behind) {
        (void)pages_.flush(*live, true);
    }
}

Result<void> Ext2Backend::drop_name(LiveInode& live) {
    auto& links = live.disk.large().i_links_count;
    const bool last = live.disk.kind() == fs::Kind::directory || links <= 1;
    links = last ? 0 : static_cast<std::uint16_t>(links - 1);
    live.disk.set_changed(clock_.now());
    live.dirty = true;
    if (links != 0) {
        return {};
    }
    if (live.holds == 0) {
        return free_inode(live);
    }
    if (!live.orphan) {
        live.orphan = true;
        volume_.add_orphan();
    }
    return {};
}

Result<void> Ext2Backend::free_inode(LiveInode& live) {
    const ext2_filsys disk = volume_.fs();
    const ext2_ino_t number = number_of(live.number());
    const bool is_directory = live.disk.kind() == fs::Kind::directory;
    pages_.drop(live);
    TRY(live.disk.write(volume_));
    TRY(volume_.check(ext2fs_free_ext_attr(disk, number, &live.disk.large())));
    if (ext2fs_inode_has_valid_blocks2(disk, live.disk.raw()) != 0) {
        TRY(volume_.check(ext2fs_punch(disk, number, live.disk.raw(), nullptr, 0, ~blk64_t{0})));
    }
    live.disk.large().i_dtime = static_cast<std::uint32_t>(clock_.now().seconds);
    live.disk.large().i_links_count = 0;
    TRY(live.disk.write(volume_));
    ext2fs_inode_alloc_stats2(disk, number, -1, is_directory ? 1 : 0);
    inodes_.forget(live.number());
    return {};
}

}  // namespace ext2
