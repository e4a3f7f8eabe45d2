// SPDX-License-Identifier: MIT
// Directories.
//
// A cursor is a place in the directory's bytes, as on every Unix with such directories. An entry that
// was removed becomes a part of the one before it, so that a cursor may point into the middle of
// nothing: a listing starts at the block's beginning and goes on with the first entry at or after it.
#include <cstring>
#include <vector>

#include "servers/ext2fs/backend.hpp"

namespace ext2 {
namespace {

std::string text_of(std::string_view name) { return std::string{name}; }

struct ParentChange {
    ext2_ino_t parent;
    bool found;
};

int change_parent(ext2_ino_t, int entry, ext2_dir_entry* at, int, int, char*, void* context) {
    auto& change = *static_cast<ParentChange*>(context);
    if (entry != DIRENT_DOT_DOT_FILE) {
        return 0;
    }
    at->inode = change.parent;
    change.found = true;
    return DIRENT_CHANGED | DIRENT_ABORT;
}

}  // namespace

Result<Inode> Ext2Backend::lookup(const Place& place) {
    ext2_ino_t found = 0;
    TRY(volume_.check(ext2fs_lookup(volume_.fs(), number_of(place.directory), place.name.data(),
                                    static_cast<int>(place.name.size()), nullptr, &found)));
    return Inode{found};
}

Result<Inode> Ext2Backend::parent(Inode directory) { return lookup({directory, ".."}); }

Result<void> Ext2Backend::enter(const Place& place, Inode inode, fs::Kind kind) {
    const std::string name = text_of(place.name);
    const ext2_ino_t directory = number_of(place.directory);
    const auto add = [&] {
        return ext2fs_link(volume_.fs(), directory, name.c_str(), number_of(inode),
                           entry_type(kind));
    };
    errcode_t error = add();
    if (error == EXT2_ET_DIR_NO_SPACE) {
        if (!volume_.has_room()) {
            return base::fail(Status::no_space);
        }
        TRY(volume_.check(ext2fs_expand_dir(volume_.fs(), directory)));
        error = add();
    }
    return volume_.check(error);
}

Result<void> Ext2Backend::leave(const Place& place, Inode inode) {
    const std::string name = text_of(place.name);
    return volume_.check(
        ext2fs_unlink(volume_.fs(), number_of(place.directory), name.c_str(), number_of(inode), 0));
}

// A name came or went; so many subdirectories more or less.
Result<void> Ext2Backend::touch_directory(Inode directory, int link_change) {
    DiskInode disk = TRY(DiskInode::read(volume_, directory));
    disk.large().i_links_count =
        static_cast<std::uint16_t>(disk.large().i_links_count + link_change);
    const fs::Timestamp now = clock_.now();
    disk.set_modified(now);
    disk.set_changed(now);
    return disk.write(volume_);
}

Result<Inode> Ext2Backend::make(const Place& place, const NewNode& what) {
    if (!volume_.has_room()) {
        return base::fail(Status::no_space);
    }
    TRY(volume_.begin_change());
    const bool by_library =
        what.kind == fs::Kind::directory || what.kind == fs::Kind::symbolic_link;
    const Inode made =
        by_library ? TRY(make_by_library(place, what)) : TRY(make_plain(place, what));
    // The library has counted a new subdirectory already.
    TRY(touch_directory(place.directory, 0));
    return made;
}

Result<Inode> Ext2Backend::make_plain(const Place& place, const NewNode& what) {
    ext2_ino_t number = 0;
    const auto mode = static_cast<std::uint16_t>(mode_bits(what.kind) | what.mode);
    TRY(volume_.check(
        ext2fs_new_inode(volume_.fs(), number_of(place.directory), mode, nullptr, &number)));
    DiskInode disk{Inode{number}, mode, clock_.now()};
    disk.set_owner(what.user, what.group);
    if (what.kind == fs::Kind::character_device || what.kind == fs::Kind::block_device) {
        disk.set_device(what.device_major, what.device_minor);
    }
    if (what.kind == fs::Kind::regular && ext2fs_has_feature_extents(volume_.fs()->super)) {
        // Opening an inode without blocks as a tree of extents makes it an empty one.
        ext2_extent_handle_t tree = nullptr;
        disk.large().i_flags |= EXT4_EXTENTS_FL;
        TRY(volume_.check(ext2fs_extent_open2(volume_.fs(), number, disk.raw(), &tree)));
        ext2fs_extent_free(tree);
    }
    TRY(enter(place, disk.inode(), what.kind));
    ext2fs_inode_alloc_stats2(volume_.fs(), number, 1, 0);
    TRY(disk.write_new(volume_));
    return disk.inode();
}

Result<Inode> Ext2Backend::make_by_library(const Place& place, const NewNode& what) {
    const std::string name = text_of(place.name);
    const std::string target = text_of(what.target);
    const ext2_ino_t directory = number_of(place.directory);
    const auto make = [&] {
        return what.kind == fs::Kind::directory
                   ? ext2fs_mkdir(volume_.fs(), directory, 0, name.c_str())
                   : ext2fs_symlink(volume_.fs(), directory, 0, name.c_str(), target.c_str());
    };
    errcode_t error = make();
    if (error == EXT2_ET_DIR_NO_SPACE) {
        TRY(volume_.check(ext2fs_expand_dir(volume_.fs(), directory)));
        error = make();
    }
    if (error == EXT2_ET_INVALID_ARGUMENT) {
        return base::fail(Status::name_too_long);  // a target longer than a block
    }
    TRY(volume_.check(error));
    const Inode made = TRY(lookup(place));
    DiskInode disk = TRY(DiskInode::read(volume_, made));
    const fs::Timestamp now = clock_.now();
    disk.set_mode(what.mode);
    disk.set_owner(what.user, what.group);
    disk.set_accessed(now);
    disk.set_modified(now);
    disk.set_changed(now);
    TRY(disk.write(volume_));
    return made;
}

Result<void> Ext2Backend::link(const Place& place, Inode target) {
    constexpr std::uint16_t most_links = 32000;
    TRY(volume_.begin_change());
    DiskInode disk = TRY(DiskInode::read(volume_, target));
    if (disk.large().i_links_count >= most_links) {
        return base::fail(Status::limit);
    }
    TRY(enter(place, target, disk.kind()));
    ++disk.large().i_links_count;
    disk.set_changed(clock_.now());
    TRY(disk.write(volume_));
    return touch_directory(place.directory, 0);
}

Result<bool> Ext2Backend::is_empty(Inode directory) {
    struct Counter final : fs_server::DirectorySink {
        bool add(const fs_server::Entry& entry) override {
            found = entry.name != "." && entry.name != "..";
            return !found;
        }
        bool found = false;
    } counter;
    TRY(list(directory, 0, counter));
    return !counter.found;
}

Result<void> Ext2Backend::remove(const Place& place, Inode target) {
    DiskInode disk = TRY(DiskInode::read(volume_, target));
    const bool is_directory = disk.kind() == fs::Kind::directory;
    if (is_directory && !TRY(is_empty(target))) {
        return base::fail(Status::not_empty);
    }
    TRY(volume_.begin_change());
    TRY(leave(place, target));
    TRY(touch_directory(place.directory, is_directory ? -1 : 0));
    return drop_name(disk);
}

Result<void> Ext2Backend::set_parent(Inode directory, Inode parent) {
    ParentChange change{number_of(parent), false};
    TRY(volume_.check(ext2fs_dir_iterate2(volume_.fs(), number_of(directory),
                                          DIRENT_FLAG_INCLUDE_EMPTY, nullptr, change_parent,
                                          &change)));
    if (!change.found) {
        return base::fail(Status::io_error);
    }
    return {};
}

Result<void> Ext2Backend::rename(const Place& from, Inode inode, const Place& to,
                                 std::optional<Inode> replaced) {
    DiskInode disk = TRY(DiskInode::read(volume_, inode));
    TRY(volume_.begin_change());
    if (replaced) {
        TRY(remove(to, *replaced));
    }
    TRY(enter(to, inode, disk.kind()));
    TRY(leave(from, inode));
    const bool moves_directory =
        disk.kind() == fs::Kind::directory && from.directory != to.directory;
    if (moves_directory) {
        TRY(set_parent(inode, to.directory));
        disk = TRY(DiskInode::read(volume_, inode));
    }
    disk.set_changed(clock_.now());
    TRY(disk.write(volume_));
    TRY(touch_directory(from.directory, moves_directory ? -1 : 0));
    return touch_directory(to.directory, moves_directory ? 1 : 0);
}

Result<void> Ext2Backend::list(Inode directory, std::uint64_t cursor,
                               fs_server::DirectorySink& sink) {
    DiskInode disk = TRY(DiskInode::read(volume_, directory));
    const std::uint32_t block_bytes = volume_.block_bytes();
    std::vector<char> block(block_bytes);
    for (std::uint64_t number = cursor / block_bytes; number * block_bytes < disk.size();
         ++number) {
        const std::uint64_t physical = TRY(block_at(disk, number, false));
        if (physical == 0) {
            continue;
        }
        TRY(volume_.check(
            ext2fs_read_dir_block4(volume_.fs(), physical, block.data(), 0, number_of(directory))));
        // The library has checked that the records fit the block.
        for (std::uint32_t at = 0; at + 8 <= block_bytes;) {
            const auto* entry = reinterpret_cast<const ext2_dir_entry*>(block.data() + at);
            unsigned length = 0;
            TRY(volume_.check(
                ext2fs_get_rec_len(volume_.fs(), const_cast<ext2_dir_entry*>(entry), &length)));
            const auto name_length = static_cast<unsigned>(ext2fs_dirent_name_len(entry));
            if (length < 8 || length > block_bytes - at || name_length + 8 > length) {
                return base::fail(Status::io_error);
            }
            const std::uint64_t place = number * block_bytes + at;
            const fs_server::Entry found{
                .name = {entry->name, name_length},
                .inode = Inode{entry->inode},
                .kind = kind_of_entry(static_cast<std::uint8_t>(ext2fs_dirent_file_type(entry))),
                .next_cursor = place + length};
            if (place >= cursor && entry->inode != 0 && name_length != 0 && !sink.add(found)) {
                return {};
            }
            at += length;
        }
    }
    return {};
}

}  // namespace ext2
