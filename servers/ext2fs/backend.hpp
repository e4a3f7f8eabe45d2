// SPDX-License-Identifier: MIT
// The ext2 back end: fs_server::Backend by libext2fs.
//
// What is on the disk is libext2fs's affair; here is kept what a disk does not know: which inodes are
// open, which of these have lost their last name (they are freed when they are let go), and the page
// caches.
//
// A page cache (a FileData, on CLUU a Memory object) holds a whole file, from the first `map` on;
// later reads and writes go through it too, so that all see the same. Writes go to the disk's blocks
// at the same time. What clients write into a writable mapping is not seen happening: it is compared
// with the disk at `sync` and when the file is let go. Page caches of files that nobody has open stay
// until their memory is needed: what was once run is soon run again.
#pragma once

#include <map>
#include <vector>

#include "libs/fs_server/file_data.hpp"
#include "servers/ext2fs/inode.hpp"

namespace ext2 {

using fs_server::AttributeChange;
using fs_server::NewNode;
using fs_server::Place;

class Ext2Backend final : public fs_server::Backend {
public:
    Ext2Backend(Volume& volume, fs_server::Store& store, const fs_server::Clock& clock)
        : volume_(volume), store_(store), clock_(clock) {}

    // Names (backend_names.cpp).
    Inode root() const override { return Inode{EXT2_ROOT_INO}; }
    Result<Inode> lookup(const Place& place) override;
    Result<Inode> parent(Inode directory) override;
    Result<Inode> make(const Place& place, const NewNode& what) override;
    Result<void> link(const Place& place, Inode target) override;
    Result<void> remove(const Place& place, Inode target) override;
    Result<void> rename(const Place& from, Inode inode, const Place& to,
                        std::optional<Inode> replaced) override;
    Result<void> list(Inode directory, std::uint64_t cursor,
                      fs_server::DirectorySink& sink) override;

    // Files (backend_files.cpp).
    Result<std::size_t> read(Inode inode, std::uint64_t offset,
                             std::span<std::byte> buffer) override;
    Result<std::size_t> write(Inode inode, std::uint64_t offset,
                              std::span<const std::byte> data) override;
    Result<void> truncate(Inode inode, std::uint64_t size) override;
    Result<void> allocate(Inode inode, std::uint64_t offset, std::uint64_t length) override;
    Result<fs_server::MappedFile> map(Inode inode, bool writable) override;
    Result<void> sync(Inode inode, bool data_only) override;
    Result<void> sync_all() override;

    // Inodes (backend_inodes.cpp).
    Result<fs::Attributes> attributes(Inode inode) override;
    Result<void> change(Inode inode, const AttributeChange& change) override;
    Result<std::string_view> read_link(Inode inode, std::span<char> buffer) override;
    Result<fs_server::Usage> usage() override;
    void hold(Inode inode) override;
    void release(Inode inode) override;

    [[nodiscard]] bool changed() const { return volume_.changed(); }

private:
    // What is known of an inode beside the disk.
    struct Live {
        std::uint64_t holds = 0;
        bool orphan = false;
        bool written_behind = false;  // somebody may write into its page cache
        std::uint64_t used = 0;       // when the page cache was last asked for
        std::unique_ptr<fs_server::FileData> data;
    };

    // backend_names.cpp
    [[nodiscard]] Result<void> enter(const Place& place, Inode inode, fs::Kind kind);
    [[nodiscard]] Result<void> leave(const Place& place, Inode inode);
    [[nodiscard]] Result<Inode> make_plain(const Place& place, const NewNode& what);
    [[nodiscard]] Result<Inode> make_by_library(const Place& place, const NewNode& what);
    [[nodiscard]] Result<void> touch_directory(Inode directory, int link_change);
    [[nodiscard]] Result<bool> is_empty(Inode directory);
    [[nodiscard]] Result<void> set_parent(Inode directory, Inode parent);

    // backend_files.cpp
    [[nodiscard]] Result<std::uint64_t> block_at(DiskInode& inode, std::uint64_t block,
                                                 bool allocate);
    [[nodiscard]] Result<void> read_blocks(DiskInode& inode, std::uint64_t offset,
                                           std::span<std::byte> buffer);
    [[nodiscard]] Result<std::size_t> write_blocks(DiskInode& inode, std::uint64_t offset,
                                                   std::span<const std::byte> data);
    [[nodiscard]] Result<void> load(DiskInode& inode, fs_server::FileData& data);
    [[nodiscard]] Result<void> write_back(Inode inode, Live& live);
    [[nodiscard]] Result<void> make_room_for_data();

    // backend_inodes.cpp
    [[nodiscard]] Result<void> drop_name(DiskInode& inode);
    [[nodiscard]] Result<void> free_inode(DiskInode& inode);

    Volume& volume_;
    fs_server::Store& store_;
    const fs_server::Clock& clock_;
    std::map<std::uint64_t, Live> live_;
    std::uint64_t uses_ = 0;
};

}  // namespace ext2
