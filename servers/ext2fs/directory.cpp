// SPDX-License-Identifier: MIT
#include "servers/ext2fs/directory.hpp"

#include <algorithm>
#include <cstring>

#include "servers/ext2fs/blocks.hpp"

namespace ext2 {
namespace {

constexpr std::uint32_t head_bytes = 8;
constexpr std::uint32_t checksum_bytes = 12;  // a record without a name, at the end of the block

constexpr std::uint32_t bytes_for(std::size_t name) {
    return static_cast<std::uint32_t>((head_bytes + name + 3) & ~std::size_t{3});
}

}  // namespace

Result<Directory> Directory::open(Volume& volume, LiveInode& live) {
    if (live.disk.kind() != fs::Kind::directory) {
        return base::fail(Status::not_directory);
    }
    return Directory{volume, live};
}

Result<void> Directory::load(std::uint32_t number) {
    block_.resize(volume_.block_bytes());
    physical_ = TRY(block_at(volume_, live_.disk, number, false));
    if (physical_ == 0) {
        return base::fail(Status::io_error);
    }
    return volume_.check(ext2fs_read_dir_block4(volume_.fs(), physical_, block_.data(), 0,
                                                number_of(live_.number())));
}

Result<void> Directory::store(std::uint32_t number) {
    physical_ = TRY(block_at(volume_, live_.disk, number, false));
    return volume_.check(ext2fs_write_dir_block4(volume_.fs(), physical_, block_.data(), 0,
                                                 number_of(live_.number())));
}

template <class Visit>
Result<void> Directory::scan(Visit visit) {
    const std::uint32_t size = volume_.block_bytes();
    const bool has_checksum = ext2fs_has_feature_metadata_csum(volume_.fs()->super) != 0;
    const std::uint32_t end = has_checksum ? size - checksum_bytes : size;
    std::uint32_t previous = 0;
    for (std::uint32_t at = 0; at < end;) {
        unsigned length = 0;
        TRY(volume_.check(ext2fs_get_rec_len(volume_.fs(), entry_at(at), &length)));
        const auto name = static_cast<std::uint32_t>(ext2fs_dirent_name_len(entry_at(at)));
        if (length < head_bytes || length % 4 != 0 || length > size - at ||
            bytes_for(name) > length) {
            return base::fail(Status::io_error);
        }
        const Record record{
            .at = at,
            .length = length,
            .inode = entry_at(at)->inode,
            .name = {entry_at(at)->name, name},
            .type = static_cast<std::uint8_t>(ext2fs_dirent_file_type(entry_at(at))),
            .previous = previous};
        if (!visit(record)) {
            return {};
        }
        previous = at;
        at += length;
    }
    return {};
}

Result<void> Directory::load_index() {
    if (live_.index) {
        return {};
    }
    auto index = std::make_unique<DirectoryIndex>(volume_.names_in_memory());
    for (std::uint32_t number = 0; number < block_count(); ++number) {
        TRY(load(number));
        TRY(scan([&](const Record& record) {
            if (record.inode != 0 && !record.name.empty()) {
                index->insert(record.name, {record.inode, number});
            }
            return true;
        }));
    }
    live_.index = std::move(index);
    return {};
}

Result<Inode> Directory::lookup(std::string_view name) {
    TRY(load_index());
    const DirectorySlot* slot = live_.index->find(name);
    if (slot == nullptr) {
        return base::fail(Status::not_found);
    }
    return Inode{slot->inode};
}

// A tree of hashes over the blocks would not know of what is changed here; without the flag the same
// blocks are a plain directory. With checksums its inner blocks would look damaged as plain ones.
Result<void> Directory::before_change() {
    TRY(load_index());
    if ((live_.disk.large().i_flags & EXT2_INDEX_FL) != 0) {
        if (ext2fs_has_feature_metadata_csum(volume_.fs()->super)) {
            return base::fail(Status::read_only);
        }
        live_.disk.large().i_flags &= ~std::uint32_t{EXT2_INDEX_FL};
        live_.dirty = true;
    }
    return {};
}

void Directory::write_record(std::uint32_t at, std::uint32_t length, std::string_view name,
                             Inode inode, fs::Kind kind) {
    ext2_dir_entry* entry = entry_at(at);
    entry->inode = number_of(inode);
    (void)ext2fs_set_rec_len(volume_.fs(), length, entry);
    ext2fs_dirent_set_name_len(entry, static_cast<int>(name.size()));
    const bool has_kinds = ext2fs_has_feature_filetype(volume_.fs()->super) != 0;
    ext2fs_dirent_set_file_type(entry, has_kinds ? entry_type(kind) : 0);
    std::memcpy(entry->name, name.data(), name.size());
}

// Into the loaded block, if it has room.
Result<bool> Directory::put(std::string_view name, Inode inode, fs::Kind kind) {
    const std::uint32_t needed = bytes_for(name.size());
    std::optional<Record> place;
    TRY(scan([&](const Record& record) {
        const std::uint32_t used = record.inode == 0 ? 0 : bytes_for(record.name.size());
        if (record.length - used >= needed) {
            place = record;
        }
        return !place;
    }));
    if (!place) {
        return false;
    }
    const std::uint32_t used = place->inode == 0 ? 0 : bytes_for(place->name.size());
    if (used != 0) {
        (void)ext2fs_set_rec_len(volume_.fs(), used, entry_at(place->at));
    }
    write_record(place->at + used, place->length - used, name, inode, kind);
    return true;
}

Result<void> Directory::append_block() {
    if (!volume_.has_room()) {
        return base::fail(Status::no_space);
    }
    const std::uint32_t number = block_count();
    TRY(block_at(volume_, live_.disk, number, true));
    char* fresh = nullptr;
    TRY(volume_.check(ext2fs_new_dir_block(volume_.fs(), 0, 0, &fresh)));
    block_.assign(fresh, fresh + volume_.block_bytes());
    ext2fs_free_mem(&fresh);
    TRY(store(number));
    const std::uint64_t size = (number + std::uint64_t{1}) * volume_.block_bytes();
    TRY(volume_.check(ext2fs_inode_size_set(volume_.fs(), live_.disk.raw(), size)));
    live_.dirty = true;
    return {};
}

Result<void> Directory::insert(std::string_view name, Inode inode, fs::Kind kind) {
    TRY(before_change());
    DirectoryIndex& index = *live_.index;
    for (std::uint32_t number = index.first_with_room;; ++number) {
        if (number >= block_count()) {
            TRY(append_block());
            number = block_count() - 1;
        } else {
            TRY(load(number));
        }
        if (TRY(put(name, inode, kind))) {
            TRY(store(number));
            index.insert(name, {number_of(inode), number});
            index.first_with_room = number;
            return {};
        }
    }
}

Result<void> Directory::remove(std::string_view name, Inode inode) {
    TRY(before_change());
    const DirectorySlot* slot = live_.index->find(name);
    if (slot == nullptr || slot->inode != number_of(inode)) {
        return base::fail(Status::not_found);
    }
    const std::uint32_t number = slot->block;
    TRY(load(number));
    std::optional<Record> found;
    TRY(scan([&](const Record& record) {
        if (record.inode == number_of(inode) && record.name == name) {
            found = record;
        }
        return !found;
    }));
    if (!found) {
        return base::fail(Status::io_error);
    }
    if (found->previous != found->at) {
        (void)ext2fs_set_rec_len(volume_.fs(), found->at + found->length - found->previous,
                                 entry_at(found->previous));
    } else {
        entry_at(found->at)->inode = 0;
    }
    TRY(store(number));
    live_.index->first_with_room = std::min(live_.index->first_with_room, number);
    live_.index->erase(name);
    return {};
}

Result<void> Directory::set_parent(Inode parent) {
    TRY(before_change());
    TRY(load(0));
    bool found = false;
    TRY(scan([&](const Record& record) {
        if (record.name == "..") {
            entry_at(record.at)->inode = number_of(parent);
            found = true;
        }
        return !found;
    }));
    if (!found) {
        return base::fail(Status::io_error);
    }
    TRY(store(0));
    live_.index->insert("..", {number_of(parent), 0});
    return {};
}

Result<bool> Directory::is_empty() {
    TRY(load_index());
    const std::size_t own = (live_.index->find(".") != nullptr ? 1U : 0U) +
                            (live_.index->find("..") != nullptr ? 1U : 0U);
    return live_.index->size() == own;
}

Result<void> Directory::list(std::uint64_t cursor, fs_server::DirectorySink& sink) {
    const std::uint64_t size = volume_.block_bytes();
    bool full = false;
    for (std::uint64_t number = cursor / size; number < block_count() && !full; ++number) {
        TRY(load(static_cast<std::uint32_t>(number)));
        TRY(scan([&](const Record& record) {
            const std::uint64_t place = number * size + record.at;
            if (place >= cursor && record.inode != 0 && !record.name.empty()) {
                full = !sink.add({.name = record.name,
                                  .inode = Inode{record.inode},
                                  .kind = kind_of_entry(record.type),
                                  .next_cursor = place + record.length});
            }
            return !full;
        }));
    }
    return {};
}

Result<void> Directory::make_first_block(Volume& volume, LiveInode& live, Inode parent) {
    const std::uint64_t physical = TRY(block_at(volume, live.disk, 0, true));
    char* fresh = nullptr;
    TRY(volume.check(
        ext2fs_new_dir_block(volume.fs(), number_of(live.number()), number_of(parent), &fresh)));
    const errcode_t error =
        ext2fs_write_dir_block4(volume.fs(), physical, fresh, 0, number_of(live.number()));
    ext2fs_free_mem(&fresh);
    TRY(volume.check(error));
    TRY(volume.check(ext2fs_inode_size_set(volume.fs(), live.disk.raw(), volume.block_bytes())));
    live.dirty = true;
    return {};
}

}  // namespace ext2
