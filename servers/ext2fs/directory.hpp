// SPDX-License-Identifier: MIT
// Directories on the disk: blocks of records {inode, record length, name length, kind, name}, which
// fill each block completely. A record may be longer than its name needs; that is where new names go.
//
// An index in memory, made when a name is first asked for, saves reading blocks.
//
// A cursor is a place in the directory's bytes, as on every Unix with such directories. A name that
// was removed becomes a part of the record before it, so that a cursor may point into the middle of
// nothing: a listing starts at the block's beginning and goes on with the first record at or after it.
#pragma once

#include <vector>

#include "servers/ext2fs/inode_table.hpp"

namespace ext2 {

class Directory {
public:
    // not_directory: it is none.
    static Result<Directory> open(Volume& volume, LiveInode& live);
    // The first block of a new directory; `live` has no blocks yet.
    static Result<void> make_first_block(Volume& volume, LiveInode& live, Inode parent);

    [[nodiscard]] Result<Inode> lookup(std::string_view name);
    [[nodiscard]] Result<void> insert(std::string_view name, Inode inode, fs::Kind kind);
    [[nodiscard]] Result<void> remove(std::string_view name, Inode inode);
    [[nodiscard]] Result<void> set_parent(Inode parent);
    [[nodiscard]] Result<bool> is_empty();
    [[nodiscard]] Result<void> list(std::uint64_t cursor, fs_server::DirectorySink& sink);

private:
    struct Record {
        std::uint32_t at = 0;
        std::uint32_t length = 0;
        std::uint32_t inode = 0;
        std::string_view name;
        std::uint8_t type = 0;
        std::uint32_t previous = 0;  // where the record before it starts; its own place, if none
    };

    Directory(Volume& volume, LiveInode& live) : volume_(volume), live_(live) {}

    [[nodiscard]] std::uint32_t block_count() const {
        return static_cast<std::uint32_t>(live_.disk.size() / volume_.block_bytes());
    }
    [[nodiscard]] ext2_dir_entry* entry_at(std::uint32_t at) {
        return reinterpret_cast<ext2_dir_entry*>(block_.data() + at);
    }
    [[nodiscard]] Result<void> load_index();
    [[nodiscard]] Result<void> load(std::uint32_t number);
    [[nodiscard]] Result<void> store(std::uint32_t number);
    [[nodiscard]] Result<void> append_block();
    [[nodiscard]] Result<void> before_change();
    // Calls visit(record) for each record of the loaded block until it says false.
    template <class Visit>
    [[nodiscard]] Result<void> scan(Visit visit);
    [[nodiscard]] Result<bool> put(std::string_view name, Inode inode, fs::Kind kind);
    void write_record(std::uint32_t at, std::uint32_t length, std::string_view name, Inode inode,
                      fs::Kind kind);

    Volume& volume_;
    LiveInode& live_;
    std::vector<char> block_;     // empty before the first is loaded: most names are in the index
    std::uint64_t physical_ = 0;  // of the loaded block
};

}  // namespace ext2
